using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Diagnostics.Logs;
using TrainTools.Core.Diagnostics.Remedies;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Reports;

/// <summary>What a report tells of a run: this tool's run folder, or the log of another tool.</summary>
public sealed record ReportedRun
{
    /// <summary>Name of the run.</summary>
    public required string Name { get; init; }

    /// <summary>Folder or file it was read from.</summary>
    public required string Path { get; init; }

    /// <summary>The run folder's state; null for another tool's log.</summary>
    public FineTuneRun? Run { get; init; }

    /// <summary>run.json; null where there is none.</summary>
    public RunInfo? Info { get; init; }

    /// <summary>Settings; null where they are not known.</summary>
    public TrainingConfig? Config { get; init; }

    /// <summary>What the check of the settings found.</summary>
    public IReadOnlyList<ConfigFinding> Findings { get; init; } = [];

    /// <summary>Logged steps.</summary>
    public required IReadOnlyList<TrainingStep> Steps { get; init; }

    /// <summary>Evaluations.</summary>
    public required IReadOnlyList<EvaluationResult> Evaluations { get; init; }

    /// <summary>Diagnoses, those first that matter most.</summary>
    public required IReadOnlyList<Diagnosis> Diagnoses { get; init; }

    /// <summary>What could not be read, or is not in the log; remedies that the run applied to itself.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Lowest loss on held-out data and its step; null where there is none.</summary>
    public (double Loss, int Step)? BestEvaluation => EvaluationLosses().Select(e => ((double, int)?)e).MinBy(e => e!.Value.Item1);

    /// <summary>Last loss on held-out data; null where there is none.</summary>
    public double? LastEvaluation => EvaluationLosses().Select(e => (double?)e.Loss).LastOrDefault();

    /// <summary>Reads a run folder or a log that <see cref="TrainingLogReader"/> knows.</summary>
    /// <exception cref="TrainToolsException">It is neither.</exception>
    public static ReportedRun Read(string path)
    {
        var folder = new RunFolder(path);
        return Directory.Exists(path) && FineTuneRun.TryOpen(folder) is { } run ? FromFolder(run, folder) : FromLog(path);
    }

    private static ReportedRun FromFolder(FineTuneRun run, RunFolder folder)
    {
        var notes = new List<string>();
        TrainingConfig? config = null;
        IReadOnlyList<ConfigFinding> findings = [];
        try
        {
            config = run.ReadConfig();
            findings = ConfigChecker.Check(config);
        }
        catch (TrainToolsException e)
        {
            notes.Add($"The settings could not be read: {e.Message}");
        }

        if (run.Metrics.Count == 0)
        {
            notes.Add("The run has logged no step.");
        }

        // The log of diagnoses forgets what was undone by going back.
        notes.AddRange(RemedyLog.Read(folder).Select(r => r.Describe()));

        return new ReportedRun
        {
            Name = run.Name,
            Path = folder.Path,
            Run = run,
            Info = RunInfo.TryLoad(folder),
            Config = config,
            Findings = findings,
            Steps = run.Metrics,
            Evaluations = run.Evaluations,
            Diagnoses = Sorted(Diagnosed(run, folder)),
            Notes = notes,
        };
    }

    // A folder that was not watched while it trained (copied, or of an older version) is read again.
    private static IReadOnlyList<Diagnosis> Diagnosed(FineTuneRun run, RunFolder folder) =>
        File.Exists(folder.DiagnosesPath) || run.Metrics.Count == 0 ? run.Diagnoses : TrainingLogReader.Read(folder.Path).Diagnose();

    private static ReportedRun FromLog(string path)
    {
        var log = TrainingLogReader.Read(path);
        return new ReportedRun
        {
            Name = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path))),
            Path = System.IO.Path.GetFullPath(path),
            Steps = log.Steps,
            Evaluations = log.Evaluations,
            Diagnoses = Sorted(log.Diagnose()),
            Notes = [$"Read as {log.Format}.", .. log.Problems, .. log.Lacks.Select(l => $"The log lacks {l}.")],
        };
    }

    private static IReadOnlyList<Diagnosis> Sorted(IReadOnlyList<Diagnosis> diagnoses) =>
        [.. diagnoses.OrderByDescending(d => d.IsRoot).ThenByDescending(d => d.Severity).ThenBy(d => d.FirstStep)];

    private IEnumerable<(double Loss, int Step)> EvaluationLosses() =>
        Evaluations.Where(e => e.Metrics.TryGetValue("eval_loss", out var loss) && double.IsFinite(loss)).Select(e => (e.Metrics["eval_loss"], e.Step));
}
