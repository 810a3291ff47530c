using System.Text.Json;
using System.Text.Json.Nodes;

namespace TrainTools.Core.Runs;

/// <summary>What metrics.jsonl holds: the steps and evaluations of a run.</summary>
/// <param name="Steps">Logged steps, in order.</param>
/// <param name="Evaluations">Evaluations, in order.</param>
public sealed record RunMetrics(IReadOnlyList<TrainingStep> Steps, IReadOnlyList<EvaluationResult> Evaluations)
{
    private const string EvaluationPrefix = "eval_";

    /// <summary>
    /// Reads the file while a trainer may be writing it. A line that is not whole (yet) is passed over, and so is a line of
    /// another kind; a file that is not there holds nothing.
    /// </summary>
    public static RunMetrics Read(string path)
    {
        var steps = new List<TrainingStep>();
        var evaluations = new List<EvaluationResult>();
        if (File.Exists(path))
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream);
            while (reader.ReadLine() is { } line)
            {
                Add(line, steps, evaluations);
            }
        }

        return new RunMetrics(steps, evaluations);
    }

    /// <summary>Reads the whole lines from a place on, and says where the next ones will begin.</summary>
    internal static RunMetrics ReadFrom(string path, ref long position)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Position = position;
        using var rest = new MemoryStream();
        stream.CopyTo(rest);
        var bytes = rest.GetBuffer().AsSpan(0, (int)rest.Length);
        var whole = bytes[..(bytes.LastIndexOf((byte)'\n') + 1)];
        position += whole.Length;
        var steps = new List<TrainingStep>();
        var evaluations = new List<EvaluationResult>();
        foreach (var line in System.Text.Encoding.UTF8.GetString(whole).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Add(line, steps, evaluations);
        }

        return new RunMetrics(steps, evaluations);
    }

    private static void Add(string line, List<TrainingStep> steps, List<EvaluationResult> evaluations)
    {
        try
        {
            if (JsonNode.Parse(line) is not JsonObject item || item["step"] is not JsonValue step)
            {
                return;
            }

            if (item.ContainsKey("loss"))
            {
                steps.Add(item.Deserialize<TrainingStep>(TrainerEvent.JsonOptions)!);
                return;
            }

            var metrics = item
                .Where(p => p.Key.StartsWith(EvaluationPrefix, StringComparison.Ordinal))
                .ToDictionary(p => p.Key, p => p.Value.Deserialize<double>(TrainerEvent.JsonOptions), StringComparer.Ordinal);
            if (metrics.Count > 0)
            {
                var epoch = item["epoch"]?.GetValue<double>() ?? 0;
                evaluations.Add(new EvaluationResult { Step = step.GetValue<int>(), Epoch = epoch, Metrics = metrics });
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // Cut off by a crash, or still being written.
        }
    }
}
