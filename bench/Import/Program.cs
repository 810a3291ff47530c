// Import time and time to the first result, over an empty shell; then what a press of the tab key takes for each completer.
// In pwsh where it is on the path (or named as the first argument), else in a runspace of the engine in a process of this
// program.
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

Console.Out.WriteLine();
Console.Out.WriteLine($"{"completion of",-78}{"first ms",9}{"then ms",9}{"offers",8}");
foreach (var line in Output(CompletionScript()))
{
    Console.Out.WriteLine(line);
}

return 0;

// One process: the first press, then the median of nine, by TabExpansion2's own way into the engine.
string CompletionScript()
{
    var model = $"{root}/examples/stories260k";
    var data = $"{root}/examples/data/assistant.jsonl";
    string[] typed =
    [
        "New-TrainingConfig -Preset ", "New-TrainingConfig -LrSchedulerType ", "New-TrainingConfig -Method ", "New-TrainingConfig -Task ", "New-TrainingConfig -Optim ",
        $"New-TrainingConfig -ModelPath '{model}' -TargetModule ", $"New-TrainingConfig -DatasetPath '{data}' -LabelField ", "New-TrainingConfig -MetricForBestModel ",
        "Test-TrainingConfig -Rule ", "Invoke-DatasetClean -Include ", "Start-FineTune -StopOn ", "Start-FineTune -Set ", "Get-FineTuneRun ", $"Get-FineTuneRun '{root}/runs/", $"Start-FineTune '{root}/runs/quickstart' -Checkpoint ",
    ];
    var list = string.Join(",", typed.Select(t => $"'{t.Replace("'", "''", StringComparison.Ordinal)}'"));
    return $$"""
        Import-Module '{{manifest}}'
        foreach ($line in {{list}}) {
            $times = foreach ($i in 0..9) {
                $watch = [System.Diagnostics.Stopwatch]::StartNew()
                $found = [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null)
                $watch.Elapsed.TotalMilliseconds
            }
            $rest = [System.Linq.Enumerable]::ToArray([System.Linq.Enumerable]::Order([double[]]$times[1..9]))
            '{0,-78}{1,9:F1}{2,9:F1}{3,8}' -f $line.Replace('{{root}}/', ''), $times[0], $rest[4], $found.CompletionMatches.Count
        }
        """;
}

IEnumerable<string> Output(string script)
{
    var start = Process(script);
    start.RedirectStandardOutput = true;
    using var process = System.Diagnostics.Process.Start(start)!;
    while (process.StandardOutput.ReadLine() is { } line)
    {
        yield return line;
    }

    process.WaitForExit();
}

double Run(string script)
{
    var start = Process(script);
    var watch = Stopwatch.StartNew();
    using var process = System.Diagnostics.Process.Start(start)!;
    process.WaitForExit();
    return process.ExitCode == 0 ? watch.Elapsed.TotalMilliseconds : throw new InvalidOperationException($"exit code {process.ExitCode}: {script}");
}

ProcessStartInfo Process(string script)
{
    var start = pwsh is not null
        ? new ProcessStartInfo(pwsh, ["-NoProfile", "-NonInteractive", "-Command", script.Length > 0 ? script : "$null"])
        : new ProcessStartInfo(Environment.ProcessPath!, ["--run", script]);
    start.Environment["POWERSHELL_TELEMETRY_OPTOUT"] = "1";
    start.Environment["POWERSHELL_UPDATECHECK"] = "Off";
    return start;
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
