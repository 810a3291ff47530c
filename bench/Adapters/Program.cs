using System.Diagnostics;
using System.Globalization;
using TrainTools.Bench.Adapters;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Backend;

// Trains a random Llama in full, with LoRA on all linear layers, with the same adapters in their naive form, and with QLoRA:
// ms a step and peak memory of each, in a process of its own. Or quantises a billion random parameters.
const string Usage = "usage: dotnet run -c Release --project bench/Adapters -- train|quantize [a|b ...] [--methods full,lora,naive,qlora] [--rows N] [--dropout P] [--checkpointing] [--seconds S] [--threads N]";
var options = BenchOptions.Parse(args);
if (options is null)
{
    Console.Error.WriteLine(Usage);
    return 2;
}

if (options.Verb == "quantize")
{
    QuantizationSpeed.Run(options.Threads);
    return 0;
}

if (options.Verb == "--case")
{
    TorchBackend.Initialize(new TorchBackendOptions { Threads = options.Threads });
    Console.WriteLine(AdapterCase.Run(options));
    return 0;
}

Console.WriteLine($"{options.Threads} threads of {Environment.ProcessorCount}; {options.Rows} rows of 512 tokens; r 16 on all linear layers, dropout {options.Dropout.ToString(CultureInfo.InvariantCulture)}{(options.Checkpointing ? ", gradient checkpointing" : string.Empty)}; the trainer's allocator settings");
TorchBackend.Initialize(new TorchBackendOptions { Threads = options.Threads });
var temporary = Directory.CreateTempSubdirectory("traintools-bench-").FullName;
foreach (var model in options.Models)
{
    var folder = Path.Combine(temporary, model);
    AdapterCase.Write(folder, model);
    Console.WriteLine($"\ncase method      ms/step   tokens/s   peak MB   time of full   peak of full   trained");
    (double Milliseconds, double Peak)? full = null;
    foreach (var method in options.Methods)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        foreach (var argument in options.ForCase(model, method, folder))
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (key, value) in AllocatorSettings.For(OperatingSystem.IsLinux(), Environment.GetEnvironmentVariables().Keys.Cast<string>()))
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start)!;
        var words = process.StandardOutput.ReadToEnd().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        if (words.Length < 4)
        {
            Console.WriteLine($"{model,-4} {method,-8} failed");
            continue;
        }

        var figures = words.Select(w => double.Parse(w, CultureInfo.InvariantCulture)).ToArray();
        full ??= method == "full" ? (figures[0], figures[2]) : null;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{model,-4} {method,-8} {figures[0],10:0.0} {figures[1],10:0} {figures[2],9:0} {figures[0] / full?.Milliseconds,14:0.00} {figures[2] / full?.Peak,14:0.00} {figures[3],9:0}"));
    }
}

Directory.Delete(temporary, recursive: true);
return 0;
