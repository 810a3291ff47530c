using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using TrainTools.Bench.Forecast;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

// The memory forecast beside the peak that the trainer really reaches, on a few configurations on this machine's CPU.
//   dotnet run -c Release --project bench/Forecast [-- case ...] [--steps N] [--keep FOLDER]
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var wanted = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
var steps = 4;
string? keep = null;
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--steps":
            steps = int.Parse(args[++i]);
            break;
        case "--keep":
            keep = args[++i];
            break;
        default:
            wanted.Add(args[i]);
            break;
    }
}

var root = keep ?? Directory.CreateTempSubdirectory("traintools-forecast-").FullName;
var stories = Path.Combine(Repository(), "examples", "stories260k");
var data = Path.Combine(root, "data.jsonl");
MakeData(data);
var llama56 = Lazy("llama-56m", f => ModelMaker.Llama(f, stories, 512, 8, 8, 4, 1408, 32_000));
var llama25 = Lazy("llama-25m", f => ModelMaker.Llama(f, stories, 384, 8, 6, 6, 1024, 8_192));
var gpt = Lazy("gpt2-45m", f => ModelMaker.Gpt2(f, stories, 512, 6, 8, 50_257));

(string Name, Func<string> Model, string Settings)[] cases =
[
    ("llama-56m", llama56, "max_length: 512\nper_device_train_batch_size: 4"),
    ("llama-56m-long", llama56, "max_length: 1024\nper_device_train_batch_size: 4"),
    ("llama-25m-accumulated", llama25, "max_length: 256\nper_device_train_batch_size: 8\ngradient_accumulation_steps: 3"),
    ("gpt2-45m", gpt, "max_length: 512\nper_device_train_batch_size: 4"),
    ("llama-56m-checkpointing", llama56, "max_length: 512\nper_device_train_batch_size: 8\ngradient_checkpointing: true"),
    ("llama-56m-packed", llama56, "max_length: 1024\nper_device_train_batch_size: 2\npacking: true"),
    ("llama-56m-lora", llama56, "max_length: 512\nper_device_train_batch_size: 4\nfinetuning_type: lora\nlora_dropout: 0"),
    ("llama-56m-lora-dropout", llama56, "max_length: 512\nper_device_train_batch_size: 4\nfinetuning_type: lora"),
    ("llama-56m-qlora", llama56, "max_length: 512\nper_device_train_batch_size: 4\nfinetuning_type: qlora\nlora_dropout: 0"),
    ("cal-empty", () => stories, "max_length: 8\nper_device_train_batch_size: 1"),
    ("cal-56-1", llama56, "max_length: 512\nper_device_train_batch_size: 1"),
    ("cal-56-8", llama56, "max_length: 512\nper_device_train_batch_size: 8"),
    ("cal-56-0", llama56, "max_length: 8\nper_device_train_batch_size: 1"),
    ("cal-25-0", llama25, "max_length: 8\nper_device_train_batch_size: 1"),
    ("cal-25-8", llama25, "max_length: 256\nper_device_train_batch_size: 8"),
    ("stories260k", () => stories, "max_length: 256\nper_device_train_batch_size: 16"),
];

Console.WriteLine($"{"case",-26}{"forecast",10}{"measured",10}{"error",8}  parts");
var worst = 0.0;
foreach (var (name, model, settings) in cases.Where(c => wanted.Count == 0 || wanted.Contains(c.Name)))
{
    var run = new RunFolder(Path.Combine(root, "run-" + name));
    if (Directory.Exists(run.Path))
    {
        Directory.Delete(run.Path, recursive: true);
    }

    var given = ConfigYaml.Parse($"model_name_or_path: '{model()}'\ndataset_path: '{data}'\noutput_dir: '{run.Path}'\ndevice: cpu\nmax_steps: {steps}\nsave_strategy: no\n" + (settings.Contains("packing", StringComparison.Ordinal) ? "" : "packing: false\n") + (settings.Contains("accumulation", StringComparison.Ordinal) ? "" : "gradient_accumulation_steps: 1\n") + settings);
    var facts = ConfigFacts.Gather(given);
    var config = ConfigResolver.Resolve(given, facts).Config;
    var forecast = RunForecaster.Create(config, facts).Memory!;
    Directory.CreateDirectory(run.Path);
    File.WriteAllText(run.ConfigPath, ConfigYaml.Write(config));
    var peak = Measure(run);
    var error = (forecast.PeakBytes - peak) / (double)peak;
    worst = Math.Max(worst, Math.Abs(error));
    Console.WriteLine($"{name,-26}{Mega(forecast.PeakBytes),10}{Mega(peak),10}{error,8:+0.0 %;-0.0 %}  {string.Join(", ", forecast.Parts.Select(p => $"{p.Name} {Mega(p.Bytes)}"))} ({forecast.Moment})");
}

Console.WriteLine($"worst error {worst:0.0 %} (megabytes; peak resident memory of the trainer process)");
if (keep is null)
{
    Directory.Delete(root, recursive: true);
}

return worst <= 0.15 ? 0 : 1;

Func<string> Lazy(string name, Action<string> make) => () =>
{
    var folder = Path.Combine(root, name);
    if (!File.Exists(Path.Combine(folder, "model.safetensors")))
    {
        make(folder);
    }

    return folder;
};

static string Mega(long bytes) => (bytes / 1048576.0).ToString("0");

// The peak is the system's own count, read again and again while the process lives.
static long Measure(RunFolder run)
{
    long peak = 0;
    using var trainer = TrainerProcess.StartRun(TrainerLocator.CommandFor(AppContext.BaseDirectory, DotNetRuntime.Find(), Environment.ProcessPath, System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory()), run);
    using var process = Process.GetProcessById(trainer.ProcessId);
    using var ended = new ManualResetEventSlim();
    var watcher = new Thread(() =>
    {
        do
        {
            try
            {
                process.Refresh();
                peak = Math.Max(peak, process.PeakWorkingSet64);
            }
            catch (InvalidOperationException)
            {
                return;
            }
        }
        while (!ended.Wait(20));
    });
    watcher.Start();
    foreach (var step in trainer.Events().OfType<TrainingStep>())
    {
        GC.KeepAlive(step);
    }

    ended.Set();
    watcher.Join();
    return peak;
}

static void MakeData(string path)
{
    string[] words = ["once", "upon", "a", "time", "there", "was", "little", "girl", "named", "Lily", "she", "loved", "to", "play", "outside", "in", "the", "park"];
    var random = new Random(1);
    File.WriteAllLines(path, Enumerable.Range(0, 64).Select(_ => JsonSerializer.Serialize(new { text = string.Join(' ', Enumerable.Range(0, 1200).Select(_ => words[random.Next(words.Length)])) })));
}

static string Repository()
{
    var folder = AppContext.BaseDirectory;
    while (!File.Exists(Path.Combine(folder, "TrainTools.sln")))
    {
        folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("This runs within the repository.");
    }

    return folder;
}
