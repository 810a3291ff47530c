using System.Globalization;
using TrainTools.Core.Configuration;

namespace TrainTools.Bench.Diagnosis;

/// <summary>The command line.</summary>
internal sealed class Options
{
    public const string Usage = """
        usage: dotnet run -c Release --project bench/Diagnosis -- [options]
          --part tune|test       settings (family, data set, method) of the tuning part or of the frozen test part (default: test)
          --families a,b  --data a,b  --methods full,lora     every sensible combination of these instead; --methods alone: those of the part
          --faults a,b           kinds of fault (default: all; "none" for healthy runs only)
          --severities 1,2,3     (default: all three)
          --seeds 101-105        seeds of the faulty runs (default: 101-105 in the test part, 1-5 in the tuning part)
          --spread               each fault, severity and seed in one setting, by turns, instead of in each of them
          --references N         seeds of the reference runs in each setting (default: 8)
          --others N             seeds of each odd healthy variant in each setting (default: 2)
          --no-healthy           reference runs only, none of the odd ones
          --no-remedy            do not run again with the remedy
          --steps N              optimizer steps a run (default: 160)
          --save FILE            keep the logs (.jsonl), and go on where a file that is there ends; --replay FILE[,FILE] judges kept logs again without training
          --table FILE           write the tables as Markdown as well
          --detail               a line for every run that was judged wrongly
          --overhead             measure what diagnosis and probe cost a step, and nothing else
          --cache FOLDER         pretrained bases and learning rates found (default: a folder beside the build)
          --list                 names of families, data sets, faults and healthy variants
        """;

    public IReadOnlyList<Setting> Settings { get; private set; } = Setting.Test;

    public IReadOnlyList<Fault> Faults { get; private set; } = Fault.All;

    public IReadOnlyList<int> Severities { get; private set; } = [1, 2, 3];

    public IReadOnlyList<long> Seeds { get; private set; } = [101, 102, 103, 104, 105];

    public bool Spread { get; private set; }

    public bool Healthy { get; private set; } = true;

    public int References { get; private set; } = 8;

    public int Others { get; private set; } = 2;

    public bool Remedy { get; private set; } = true;

    public int Steps { get; private set; } = 160;

    public string? Save { get; private set; }

    public IReadOnlyList<string> Replay { get; private set; } = [];

    public string? Table { get; private set; }

    public bool Detail { get; private set; }

    public bool Overhead { get; private set; }

    public bool List { get; private set; }

    public string Cache { get; private set; } = Path.Combine(AppContext.BaseDirectory, "cache");

    public static Options Parse(string[] args)
    {
        var options = new Options();
        var (families, data, methods) = ((string[]?)null, (string[]?)null, (string[]?)null);
        var seedsGiven = false;
        for (var i = 0; i < args.Length; i++)
        {
            string Value() => i + 1 < args.Length ? args[++i] : throw new ArgumentException($"{args[i]} needs a value.");
            string[] Values() => Value().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            switch (args[i])
            {
                case "--part":
                    var part = Value();
                    options.Settings = part switch { "tune" => Setting.Tuning, "test" => Setting.Test, _ => throw new ArgumentException($"--part is tune or test, not '{part}'.") };
                    options.Seeds = seedsGiven ? options.Seeds : part == "tune" ? [1, 2, 3, 4, 5] : options.Seeds;
                    break;
                case "--families": families = Values(); break;
                case "--data": data = Values(); break;
                case "--methods": methods = Values(); break;
                case "--faults": options.Faults = Find(Values()); break;
                case "--severities": options.Severities = [.. Values().Select(v => Number(v, 1, 3))]; break;
                case "--seeds": (options.Seeds, seedsGiven) = ([.. Values().SelectMany(Range)], true); break;
                case "--spread": options.Spread = true; break;
                case "--no-healthy": options.Healthy = false; break;
                case "--references": options.References = Number(Value(), 2, 1000); break;
                case "--others": options.Others = Number(Value(), 1, 1000); break;
                case "--no-remedy": options.Remedy = false; break;
                case "--steps": options.Steps = Number(Value(), 40, 100_000); break;
                case "--save": options.Save = Writable(Value()); break;
                case "--replay":
                    options.Replay = Values();
                    if (options.Replay.FirstOrDefault(f => !File.Exists(f)) is { } missing)
                    {
                        throw new ArgumentException($"There is no file '{missing}'.");
                    }

                    break;
                case "--table": options.Table = Writable(Value()); break;
                case "--detail": options.Detail = true; break;
                case "--overhead": options.Overhead = true; break;
                case "--cache": options.Cache = Path.GetFullPath(Value()); break;
                case "--list": options.List = true; break;
                default: throw new ArgumentException($"There is no option '{args[i]}'.");
            }
        }

        if (families is not null || data is not null)
        {
            options.Settings = Combine(families ?? ["stories260k"], data ?? ["shakespeare"], methods ?? ["full", "lora"]);
        }
        else if (methods is not null)
        {
            TrainingMethod[] wanted = [.. methods.Select(Method)];
            options.Settings = [.. options.Settings.Where(s => wanted.Contains(s.Method))];
        }

        return options;
    }

    private static List<Setting> Combine(string[] families, string[] data, string[] methods)
    {
        if (families.Except(Bases.Names).FirstOrDefault() is { } unknown)
        {
            throw new ArgumentException($"There is no family '{unknown}'. Known: {string.Join(", ", Bases.Names)}.");
        }

        var settings = families.SelectMany(f => data.Where(d => DataSets.IsClassification(d) == Bases.IsClassifier(f)).SelectMany(d => methods.Select(m => new Setting(f, d, Method(m))))).Where(s => s.Method == TrainingMethod.Full || !Bases.IsClassifier(s.Family)).ToList();
        return settings.Count > 0 ? settings : throw new ArgumentException("No combination of these fits: families that end in _seqcls take sets with labels (sms, banking77) and are tuned fully, the others take text.");
    }

    private static TrainingMethod Method(string name) => name switch
    {
        "full" => TrainingMethod.Full,
        "lora" => TrainingMethod.Lora,
        _ => throw new ArgumentException($"--methods are full and lora, not '{name}'."),
    };

    // Said before the trials, not after hours of them.
    private static string Writable(string path) => Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))
        ? path
        : throw new ArgumentException($"There is no folder to write '{path}' in.");

    private static IReadOnlyList<Fault> Find(string[] names) => names is ["none"] ? [] :
        [.. names.Select(n => Fault.All.FirstOrDefault(f => f.Name == n) ?? throw new ArgumentException($"There is no fault '{n}'. Known: {string.Join(", ", Fault.All.Select(f => f.Name))}."))];

    private static IEnumerable<long> Range(string text)
    {
        var parts = text.Split('-');
        var from = Number(parts[0], 0, int.MaxValue);
        var to = Number(parts[^1], 0, int.MaxValue);
        if (parts.Length > 2 || to < from)
        {
            throw new ArgumentException($"'{text}' is no range of seeds: write 101-105.");
        }

        return Enumerable.Range(from, to - from + 1).Select(s => (long)s);
    }

    private static int Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ArgumentException($"'{text}' is not a whole number from {least} to {most}.");
}
