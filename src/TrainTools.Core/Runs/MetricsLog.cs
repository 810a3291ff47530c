using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrainTools.Core.Files;

namespace TrainTools.Core.Runs;

/// <summary>
/// metrics.jsonl: one JSON object a line, under the names of transformers' Trainer logs, each line handed to the
/// system before the next step begins. Non-finite numbers are the strings "NaN", "Infinity" and "-Infinity", so that
/// every line is valid JSON.
/// </summary>
public sealed class MetricsLog : IDisposable
{
    private readonly FileStream stream;

    private MetricsLog(FileStream stream) => this.stream = stream;

    /// <summary>
    /// Opens the log for a run that goes on after <paramref name="lastStep"/> (0: a new run). Lines of later steps, which
    /// a resumed run does again, and a line that a crash cut off are removed first.
    /// </summary>
    public static MetricsLog Open(string path, int lastStep)
    {
        if (File.Exists(path))
        {
            KeepUntil(path, lastStep);
        }

        return new MetricsLog(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 1));
    }

    /// <summary>Appends a step.</summary>
    public void Append(TrainingStep step) => AppendLine(JsonSerializer.SerializeToUtf8Bytes(step, TrainerEvent.JsonOptions));

    /// <summary>Appends an evaluation: its metrics beside step and epoch, as Trainer logs them.</summary>
    public void Append(EvaluationResult evaluation)
    {
        ArgumentNullException.ThrowIfNull(evaluation);
        var line = new Dictionary<string, object>(evaluation.Metrics.Count + 2, StringComparer.Ordinal);
        foreach (var (name, value) in evaluation.Metrics)
        {
            line[name] = value;
        }

        line["epoch"] = evaluation.Epoch;
        line["step"] = evaluation.Step;
        AppendLine(JsonSerializer.SerializeToUtf8Bytes(line, TrainerEvent.JsonOptions));
    }

    /// <summary>Appends the summary Trainer writes when training ends (train_runtime, train_loss).</summary>
    public void Append(RunResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        AppendLine(JsonSerializer.SerializeToUtf8Bytes(
            new { train_runtime = result.TrainSeconds, train_loss = result.TrainLoss, num_input_tokens_seen = result.NumInputTokens, step = result.Steps },
            TrainerEvent.JsonOptions));
    }

    /// <summary>Brings the lines to the disk; called before a checkpoint that refers to them is made valid, from any thread.</summary>
    public void Flush() => RandomAccess.FlushToDisk(stream.SafeFileHandle);

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    // One write per line: a reader or a crash sees whole lines, except at most the last.
    private void AppendLine(byte[] json)
    {
        var line = new byte[json.Length + 1];
        json.CopyTo(line, 0);
        line[^1] = (byte)'\n';
        stream.Write(line);
        stream.Flush();
    }

    private static void KeepUntil(string path, int lastStep)
    {
        var lines = File.ReadAllLines(path);
        // The summary of a run that had ended does not belong into one that goes on.
        var kept = lines.Where(l => StepOf(l) <= lastStep && !l.Contains("\"train_runtime\"", StringComparison.Ordinal)).ToArray();
        var text = string.Concat(kept.Select(l => l + "\n"));
        if (new FileInfo(path).Length != Encoding.UTF8.GetByteCount(text))
        {
            AtomicFile.WriteText(path, text);
        }
    }

    private static int StepOf(string line)
    {
        try
        {
            return JsonNode.Parse(line)?["step"]?.GetValue<int>() ?? int.MaxValue;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return int.MaxValue;
        }
    }
}
