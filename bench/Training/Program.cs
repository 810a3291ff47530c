using System.Diagnostics;
using TrainTools.Bench.Training;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Backend;

// Trains (a) a 56 M parameter Llama, 4 x 512 tokens; (b) a tiny one, 8 x 64; (c) a real small one on packed real data.
// Each case runs in a process of its own, so that its peak memory is its own, with and without allocator settings.
const string Usage = "usage: dotnet run -c Release --project bench/Training -- STORIES_MODEL DATA.jsonl [a|b|c ...] [--threads N]\n       … -- curves PICTURE.png NAME=RUN_FOLDER ...";
var threads = 2;
var rest = args.ToList();
if (rest.IndexOf("--threads") is >= 0 and var at && at + 1 < rest.Count)
{
    threads = int.Parse(rest[at + 1], System.Globalization.CultureInfo.InvariantCulture);
    rest.RemoveRange(at, 2);
}

if (rest is ["--case", var name, var model, var data])
{
    TorchBackend.Initialize(new TorchBackendOptions { Threads = threads });
    Console.WriteLine(TrainingCase.Line(TrainingCase.Run(name, model, data, threads)));
    return 0;
}

if (rest is ["curves", var picture, ..] && rest.Count > 2)
{
    LossCurves.Draw(picture, rest.Skip(2));
    return 0;
}

if (rest.Count < 2)
{
    Console.Error.WriteLine(Usage);
    return 2;
}

(string Name, (string, string)[] Settings)[] environments =
[
    ("as it is", []),
    ("as the cmdlets start the trainer", [.. AllocatorSettings.For(OperatingSystem.IsLinux(), []).Select(s => (s.Key, s.Value))]),
];
Console.WriteLine($"{threads} threads of {Environment.ProcessorCount}; budget: 1.3 x (weights, gradients, two moments) + 400 MB; work: 6 x parameters x tokens, without the embedding's lookup");
TorchBackend.Initialize(new TorchBackendOptions { Threads = threads });
var temporary = Directory.CreateTempSubdirectory("traintools-bench-").FullName;
string[] cases = [.. rest.Count > 2 ? rest.Skip(2) : ["a", "b", "c"]];
var models = cases.ToDictionary(c => c, c => TrainingCase.Model(c, temporary, Path.GetFullPath(rest[0])));
foreach (var (environment, settings) in environments)
{
    Console.WriteLine($"\n{environment}\ncase   ms/step     tokens/s   peak MB    budget  GEMM GF/s  % of it  managed KB/step   GC %  CPU ms/step  outside native %");
    foreach (var one in cases)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        foreach (var argument in (string[])["--case", one, models[one], Path.GetFullPath(rest[1]), "--threads", threads.ToString(System.Globalization.CultureInfo.InvariantCulture)])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (key, value) in settings)
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start)!;
        Console.Write(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
    }
}

Directory.Delete(temporary, recursive: true);
return 0;
