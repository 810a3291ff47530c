using System.Diagnostics;
using System.Globalization;
using TrainTools.Bench.Diagnosis;
using TrainTools.Trainer.Backend;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Options options;
try
{
    options = Options.Parse(args);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(Options.Usage);
    return 2;
}

if (options.List)
{
    Console.WriteLine($"families: {string.Join(", ", Bases.Names)}\ndata: {string.Join(", ", DataSets.Names)}\nfaults: {string.Join(", ", Fault.All.Select(f => f.Name))}\nhealthy: {string.Join(", ", HealthyVariants.All.Select(v => v.Name))}");
    return 0;
}

var logs = new List<TrialLog>();
var clock = Stopwatch.StartNew();
TorchBackend.Initialize(new TorchBackendOptions { Threads = 1 });
Directory.CreateDirectory(options.Cache);
var trial = new Trial(new Bases(options.Cache), options.Steps);
if (options.Overhead)
{
    foreach (var line in Overhead.Measure(options, trial))
    {
        Console.WriteLine(line);
    }

    return 0;
}

if (options.Replay.Count > 0)
{
    logs.AddRange(options.Replay.SelectMany(LogStore.Read).Where(l => l.Spec.Kind == "healthy" || options.Faults.Any(f => f.Name == l.Spec.What)));
}
else
{
    var finder = new RateFinder(trial, options.Cache);
    Setting[] settings = [.. options.Settings.Select(finder.Tune)];
    Console.Error.WriteLine($"{clock.Elapsed.TotalSeconds:0} s: {string.Join(", ", settings.Select(s => $"{s.Name} at {s.Rate:0.#e0}"))}");
    var plan = Plan.Make(options, settings).ToList();
    using var store = options.Save is { } file ? new LogStore(file) : null;
    var doctor = options.Remedy ? new Remedies(trial) : null;
    Dictionary<string, Band>? known = null;
    foreach (var (spec, run) in plan)
    {
        var log = store?.Find(spec);
        if (log is null)
        {
            log = run(trial);
            if (spec.Kind == "fault" && doctor is not null)
            {
                // The references come first in the plan.
                known ??= Bands(logs);
                var judgement = Judgement.Of(log, known[spec.Setting.Name]);
                log = judgement.Truth == Truth.Effective && judgement.Warnings.Count > 0 ? log with { Remedy = doctor.Try(judgement) } : log;
            }

            store?.Add(log);
        }

        logs.Add(log);
        if (logs.Count % 50 == 0 || logs.Count == plan.Count)
        {
            Console.Error.WriteLine($"{clock.Elapsed.TotalSeconds:0} s: {logs.Count} of {plan.Count} runs");
        }
    }
}

var bands = Bands(logs);
if (logs.FirstOrDefault(l => !bands.ContainsKey(l.Spec.Setting.Name)) is { } orphan)
{
    Console.Error.WriteLine($"There is no reference run of {orphan.Spec.Setting.Name} to compare '{orphan.Spec}' with: replay the file that holds them as well.");
    return 2;
}

Judgement[] judgements = [.. logs.Select(l => Judgement.Of(l, bands[l.Spec.Setting.Name]))];
string[] table = [.. Tables.Write(judgements)];
foreach (var line in table)
{
    Console.WriteLine(line);
}

if (options.Detail)
{
    Console.WriteLine();
    foreach (var line in Tables.Mistakes(judgements))
    {
        Console.WriteLine(line);
    }
}

if (options.Table is { } path)
{
    File.WriteAllLines(path, table);
}

Console.Error.WriteLine($"{clock.Elapsed.TotalSeconds:0} s in all");
return 0;

static Dictionary<string, Band> Bands(List<TrialLog> logs) => logs.Where(l => l.Spec is { Kind: "healthy", What: HealthyVariants.Reference })
    .GroupBy(l => l.Spec.Setting.Name).ToDictionary(g => g.Key, g => Band.Of([.. g]));
