using TrainTools.Parity;
using TrainTools.Trainer.Backend;

// Holds TrainTools against a folder of golden data computed by other libraries.
if (args.Length is not (1 or 2) || !Directory.Exists(args[0]))
{
    Console.Error.WriteLine("usage: dotnet run -c Release --project bench/Parity -- FOLDER [FILTER]");
    Console.Error.WriteLine("FOLDER holds golden data (models/NAME/expected.json, ...); FILTER is a part of the cases' names.");
    Console.Error.WriteLine("Suites: " + string.Join(", ", ParityRunner.Suites.Select(s => s.Name)));
    return 2;
}

TorchBackend.Initialize();
int failed = ParityRunner.RunAll(args[0], Console.Out, args.Length == 2 ? args[1] : string.Empty);
if (failed < 0)
{
    Console.Error.WriteLine($"Nothing to compare was found in '{args[0]}'.");
}

return failed == 0 ? 0 : 1;
