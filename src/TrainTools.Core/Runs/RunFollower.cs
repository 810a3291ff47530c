using TrainTools.Core.Diagnostics;

namespace TrainTools.Core.Runs;

/// <summary>
/// Follows a run through its folder, from any process and also when it is over. Each <see cref="Poll"/> gives what is new
/// since the last one. A run that is resumed from an earlier step writes its later steps again; they are then given again.
/// </summary>
public sealed class RunFollower(RunFolder folder)
{
    private readonly Dictionary<string, Diagnosis> diagnoses = new(StringComparer.Ordinal);
    private readonly HashSet<string> checkpoints = new(StringComparer.Ordinal);
    private int lastStep;
    private int lastEvaluation;
    private long position;
    private DateTime created;

    /// <summary>The run folder.</summary>
    public RunFolder Folder { get; } = folder;

    /// <summary>What is new, oldest first: steps, evaluations, diagnoses (as <see cref="DiagnosisRaised"/>), checkpoints.</summary>
    public IReadOnlyList<TrainerEvent> Poll()
    {
        var news = new List<TrainerEvent>();
        var file = new FileInfo(Folder.MetricsPath);
        if (file.Exists && (file.Length != position || file.CreationTimeUtc != created))
        {
            if (file.Length < position || file.CreationTimeUtc != created)
            {
                position = 0; // another file by that name: the run was resumed
            }

            var again = position == 0;
            created = file.CreationTimeUtc;
            var metrics = RunMetrics.ReadFrom(Folder.MetricsPath, ref position);
            news.AddRange(metrics.Steps.Where(s => !again || s.Step > lastStep));
            news.AddRange(metrics.Evaluations.Where(e => !again || e.Step > lastEvaluation));
            lastStep = metrics.Steps is [.., var step] ? step.Step : again ? 0 : lastStep;
            lastEvaluation = metrics.Evaluations is [.., var evaluation] ? evaluation.Step : again ? 0 : lastEvaluation;
        }

        foreach (var diagnosis in DiagnosisLog.Read(Folder.DiagnosesPath))
        {
            var known = diagnoses.TryGetValue(diagnosis.Id, out var before);
            if (known && before!.IsOpen == diagnosis.IsOpen && before.Severity == diagnosis.Severity && before.SuppressedBy == diagnosis.SuppressedBy)
            {
                continue;
            }

            diagnoses[diagnosis.Id] = diagnosis;
            news.Add(new DiagnosisRaised
            {
                Change = !diagnosis.IsOpen ? DiagnosisChange.Closed : known ? DiagnosisChange.Changed : DiagnosisChange.Raised,
                Diagnosis = diagnosis,
            });
        }

        news.AddRange(RunCheckpoint.Find(Folder).Where(c => checkpoints.Add(c.Path)).Select(c => new CheckpointSaved { Step = c.Step, Path = c.Path }));
        return [.. news.OrderBy(StepOf)]; // stable: a step before its evaluation, that before its checkpoint
    }

    private static int StepOf(TrainerEvent item) => item switch
    {
        TrainingStep step => step.Step,
        EvaluationResult evaluation => evaluation.Step,
        DiagnosisRaised diagnosis => diagnosis.Diagnosis.ClosedAtStep ?? diagnosis.Diagnosis.RaisedAtStep,
        CheckpointSaved checkpoint => checkpoint.Step,
        _ => int.MaxValue,
    };
}
