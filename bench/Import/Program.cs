// Import time and time to the first result, over an empty shell. In pwsh where it is on the path (or named as the first
// argument), else in a runspace of the engine in a process of this program.
//
//   dotnet run -c Release --project bench/Import
//   dotnet run -c Release --project bench/Import -- /path/to/pwsh
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation.Runspaces;
using TrainTools.Host;

if (args is ["--run", var script])
{
    using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
    runspace.Open();
    using var shell = System.Management.Automation.PowerShell.Create(runspace);
    shell.AddScript(script).Invoke().ToList().ForEach(Console.Out.WriteLine);
    return shell.HadErrors ? 1 : 0;
}

const int rounds = 7;
var manifest = ModuleFinder.Find();
var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(manifest)!, "..", ".."));
var config = $"New-TrainingConfig -ModelPath '{root}/examples/stories260k' -DatasetPath '{root}/examples/data/assistant.jsonl'";
var pwsh = args.FirstOrDefault() ?? (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
    .Select(f => Path.Combine(f, OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh")).FirstOrDefault(File.Exists);

(string Name, string Script)[] cases =
[
    ("an empty shell", ""),
    ("import", $"Import-Module '{manifest}'"),
    ("import, New-TrainingConfig", $"Import-Module '{manifest}'; $null = {config}"),
    ("import, Test-TrainingConfig", $"Import-Module '{manifest}'; $null = {config} | Test-TrainingConfig"),
];

// One of each first: files in the cache, nothing compiled for the first time. Then by turns, so that what else the machine
// does falls on all alike.
var times = cases.Select(_ => new List<double>()).ToArray();
for (var round = -1; round < rounds; round++)
{
    for (var i = 0; i < cases.Length; i++)
    {
        var elapsed = Run(cases[i].Script);
        if (round >= 0)
        {
            times[i].Add(elapsed);
        }
    }
}

Console.Out.WriteLine($"{pwsh ?? "engine in " + Environment.ProcessPath}, median of {rounds} processes");
Console.Out.WriteLine($"{"",-30}{"ms",8}{"over empty",12}{"target",10}");
var targets = new Dictionary<string, string> { ["import"] = "250", ["import, Test-TrainingConfig"] = "1000" };
for (var i = 0; i < cases.Length; i++)
{
    Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cases[i].Name,-30}{Median(times[i]),8:F0}{Median(times[i]) - Median(times[0]),12:F0}{targets.GetValueOrDefault(cases[i].Name, ""),10}"));
}

return 0;

double Run(string script)
{
    var start = pwsh is not null
        ? new ProcessStartInfo(pwsh, ["-NoProfile", "-NonInteractive", "-Command", script.Length > 0 ? script : "$null"])
        : new ProcessStartInfo(Environment.ProcessPath!, ["--run", script]);
    start.Environment["POWERSHELL_TELEMETRY_OPTOUT"] = "1";
    start.Environment["POWERSHELL_UPDATECHECK"] = "Off";
    var watch = Stopwatch.StartNew();
    using var process = Process.Start(start)!;
    process.WaitForExit();
    return process.ExitCode == 0 ? watch.Elapsed.TotalMilliseconds : throw new InvalidOperationException($"exit code {process.ExitCode}: {script}");
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
