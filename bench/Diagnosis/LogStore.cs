using System.Text.Json;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.Bench.Diagnosis;

/// <summary>Trials on disk, a JSON line each as soon as it is done, so that detectors can be judged again without training again.</summary>
internal sealed class LogStore(string path) : IDisposable
{
    private readonly StreamWriter writer = new(path) { AutoFlush = true };

    public void Add(TrialLog log) => writer.WriteLine(JsonSerializer.Serialize(log, TrainerEvent.JsonOptions));

    public void Dispose() => writer.Dispose();

    /// <summary>Trials of a file; a last line that was cut off is left out.</summary>
    public static List<TrialLog> Read(string path)
    {
        var logs = new List<TrialLog>();
        foreach (var line in Repository.Lines(path))
        {
            try
            {
                logs.Add(JsonSerializer.Deserialize<TrialLog>(line, TrainerEvent.JsonOptions)!);
            }
            catch (JsonException)
            {
                break;
            }
        }

        return logs;
    }

    /// <summary>What the present detectors say of a trial.</summary>
    public static IReadOnlyList<Core.Diagnostics.Diagnosis> Diagnose(TrialLog log)
    {
        var engine = new DiagnosisEngine(log.Facts with { Config = ConfigYaml.Parse(log.Config) });
        var evaluations = new Queue<EvaluationResult>(log.Evaluations);
        for (var i = 0; i < log.Steps.Count; i++)
        {
            engine.Observe(log.Steps[i] with { Records = log.Records[i] });
            while (evaluations.TryPeek(out var next) && next.Step <= log.Steps[i].Step)
            {
                engine.Observe(evaluations.Dequeue());
            }
        }

        engine.Complete();
        return engine.Diagnoses;
    }
}
