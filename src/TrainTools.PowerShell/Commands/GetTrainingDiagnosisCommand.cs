using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Diagnostics.Logs;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Diagnoses a run: gives what was diagnosed while it trained, or reads its log again; or reads the log of another tool
/// (trainer_state.json, TensorBoard events, CSV, JSON lines). What explains others comes first.
/// </summary>
[Cmdlet(VerbsCommon.Get, "TrainingDiagnosis", DefaultParameterSetName = PathSet)]
[OutputType(typeof(Diagnosis))]
[OutputType(typeof(bool))]
public sealed class GetTrainingDiagnosisCommand : PathCommandBase
{
    // A field of a Core type would have Core loaded with this class, before the module's resolver is there.
    private int minimumSeverity;
    private volatile object? probes;

    /// <summary>Least severity that is given.</summary>
    [Parameter]
    public FindingSeverity MinimumSeverity
    {
        get => (FindingSeverity)minimumSeverity;
        set => minimumSeverity = (int)value;
    }

    /// <summary>Also what another diagnosis explains.</summary>
    [Parameter]
    public SwitchParameter IncludeSuppressed { get; set; }

    /// <summary>Read the log of a run folder again instead of giving what was said while it trained.</summary>
    [Parameter]
    public SwitchParameter Recompute { get; set; }

    /// <summary>Give only whether the run is free of warnings and errors.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>
    /// For each warning of a run folder, train the short branch that confirms its likeliest cause or rules it out (one batch
    /// learnt by heart, the bad batch again in fp32, or, where it is the learning rate, up to eight branches at rates a factor
    /// of three apart, which end in a measured rate), from the last checkpoint before it.
    /// </summary>
    [Parameter]
    public SwitchParameter Probe { get; set; }

    /// <summary>Steps of a branch.</summary>
    [Parameter]
    [ValidateRange(10, 100_000)]
    public int ProbeSteps { get; set; } = 100;

    /// <inheritdoc/>
    protected override void ProcessPath(string path)
    {
        if (Probe && File.Exists(path))
        {
            throw new TrainToolsException(
                ErrorIds.RunFolderNotFound, ErrorKind.InvalidData, $"{path} is a log, not a run folder: a probe needs the model, the data and the settings of the run.",
                "Give the run's folder, or leave out -Probe.", path);
        }

        var found = Find(path).Where(d => d.Severity >= MinimumSeverity && (IncludeSuppressed || d.IsRoot)).ToList();
        if (Probe)
        {
            found = [.. ProbeAll(path, found)];
        }

        if (Quiet)
        {
            WriteObject(!found.Any(d => d.Severity >= FindingSeverity.Warning));
            return;
        }

        WriteObject(found.OrderByDescending(d => d.Severity).ThenBy(d => d.IsRoot ? 0 : 1).ThenBy(d => d.FirstStep), enumerateCollection: true);
    }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        base.StopProcessing();
        (probes as ProbeRunner)?.RequestStop();
    }

    private IEnumerable<Diagnosis> ProbeAll(string path, List<Diagnosis> found)
    {
        var runner = new ProbeRunner(this, FineTuneRun.Open(path), ProbeSteps);
        probes = runner;
        foreach (var diagnosis in found)
        {
            Cancellation.ThrowIfCancellationRequested();
            yield return diagnosis.IsRoot && diagnosis.Severity >= FindingSeverity.Warning ? runner.Probe(diagnosis) : diagnosis;
        }

        probes = null;
    }

    private IReadOnlyList<Diagnosis> Find(string path)
    {
        if (!Recompute && Directory.Exists(path) && File.Exists(new RunFolder(path).DiagnosesPath))
        {
            return DiagnosisLog.Read(new RunFolder(path).DiagnosesPath);
        }

        var log = TrainingLogReader.Read(path);
        foreach (var problem in log.Problems)
        {
            WriteWarning($"{path}: {problem}");
        }

        foreach (var lack in log.Lacks)
        {
            WriteVerbose($"{path} ({log.Format}) lacks {lack}.");
        }

        return log.Diagnose();
    }
}
