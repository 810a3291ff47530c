using System.Text.Json;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.Bench.Diagnosis;

/// <summary>
/// Trials on disk, a JSON line each as soon as it is done, so that detectors can be judged again without training again, and
/// a batch that was cut off goes on where it was.
/// </summary>
internal sealed class LogStore : IDisposable
{
    private readonly StreamWriter writer;
    private readonly Dictionary<string, TrialLog> done;

    /// <summary>Opens a file, with what it holds already.</summary>
    public LogStore(string path)
    {
        var kept = File.Exists(path) ? Read(path) : [];
        done = kept.ToDictionary(l => l.Spec.ToString(), StringComparer.Ordinal);
        if (kept.Count > 0)
        {
            // Without a line that was cut off.
            var whole = Path.GetFullPath(path) + ".whole";
            File.WriteAllLines(whole, kept.Select(Line));
            File.Move(whole, path, overwrite: true);
        }

        writer = new StreamWriter(path, append: true) { AutoFlush = true };
    }

    /// <summary>The log of a trial that was done before; null = not yet.</summary>
    public TrialLog? Find(TrialSpec spec) => done.GetValueOrDefault(spec.ToString());

    public void Add(TrialLog log) => writer.WriteLine(Line(log));

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

    private static string Line(TrialLog log) => JsonSerializer.Serialize(log, TrainerEvent.JsonOptions);

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
