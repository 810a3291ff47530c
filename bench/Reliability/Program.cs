using System.Globalization;
using TrainTools.Bench.Reliability;

// Runs that are killed, starved and lied to. Each case prints a row; docs/reliability.md holds what came out.
const string Usage =
    """
    usage: dotnet run -c Release --project bench/Reliability -- CASE [options]
      kills [N]     a trainer is killed at N (100) random moments, half of them within a save; each is resumed to its end
      faults [NAME] disks, files, signals, locks, clocks, memory (Linux; root for some of them)
      steps [N]     N (10000) steps of a tiny model: memory, handles, metrics
      saving        how long training stands still for a checkpoint, beside a copy of the state and the whole write
    """;
return args switch
{
    ["kills", .. var rest] => KillCase.Run(Number(rest, 100)),
    ["faults", .. var rest] => FaultCases.Run(rest),
    ["steps", .. var rest] => LongRun.Run(Number(rest, 10_000)),
    ["saving"] => SavingCase.Run(),
    _ => Help(),
};

static int Number(string[] rest, int otherwise) => rest is [var text, ..] ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

static int Help()
{
    Console.Error.WriteLine(Usage);
    return 2;
}
