using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Logs;

/// <summary>
/// Reads the log of a run from a path: a run folder of this tool, an output or checkpoint folder of transformers, a folder
/// with TensorBoard events, trainer_state.json, an event file, CSV or JSON lines.
/// </summary>
public static class TrainingLogReader
{
    private const string StateName = "trainer_state.json";
    private const string EventPattern = "*tfevents*";

    /// <summary>Reads a log.</summary>
    /// <exception cref="TrainToolsException">
    /// <see cref="ErrorIds.TrainingLogNotFound"/>, <see cref="ErrorIds.TrainingLogUnknown"/>, <see cref="ErrorIds.TrainingLogInvalid"/>,
    /// <see cref="ErrorIds.TrainingLogEmpty"/>.
    /// </exception>
    public static TrainingLog Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Directory.Exists(path))
        {
            return ReadFolder(path);
        }

        if (!File.Exists(path))
        {
            throw new TrainToolsException(ErrorIds.TrainingLogNotFound, ErrorKind.NotFound, $"There is no log at {path}.", "Check the path.", path);
        }

        var name = Path.GetFileName(path);
        if (name.Contains("tfevents", StringComparison.OrdinalIgnoreCase))
        {
            return TensorBoardEvents.Read(path, [path]);
        }

        return Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".CSV" or ".TSV" => CsvLogs.Read(path),
            ".JSONL" or ".NDJSON" or ".LOG" or ".TXT" or ".OUT" => name == "metrics.jsonl" && Own(path) is { } own ? own : JsonLogs.ReadLines(path),
            ".JSON" => JsonLogs.ReadTrainerState(path),
            _ => throw new TrainToolsException(
                ErrorIds.TrainingLogUnknown, ErrorKind.InvalidData, $"{path} is no kind of log that is known.",
                "Give a run folder, trainer_state.json, a TensorBoard event file (*tfevents*), .csv, .jsonl or .log.", path),
        };
    }

    private static TrainingLog ReadFolder(string path)
    {
        var folder = new RunFolder(path);
        if (File.Exists(folder.MetricsPath) && Own(folder.MetricsPath) is { } own)
        {
            return own;
        }

        // transformers keeps the state in each checkpoint; the last one holds the whole log.
        var states = new[] { path }.Concat(Directory.EnumerateDirectories(path, "checkpoint-*").OrderBy(CheckpointNumber))
            .Select(d => Path.Combine(d, StateName)).Where(File.Exists).ToList();
        if (states.Count > 0)
        {
            return JsonLogs.ReadTrainerState(states[0] == Path.Combine(path, StateName) ? states[0] : states[^1]);
        }

        foreach (var known in (string[])["trainer_log.jsonl", "metrics.jsonl", "log.jsonl", "metrics.csv"])
        {
            if (File.Exists(Path.Combine(path, known)))
            {
                return Read(Path.Combine(path, known));
            }
        }

        var events = Directory.EnumerateFiles(path, EventPattern).ToList();
        if (events.Count == 0)
        {
            // transformers' default is a folder runs/<date>_<host>; the newest is the last run.
            events = Directory.EnumerateFiles(path, EventPattern, SearchOption.AllDirectories)
                .GroupBy(f => Path.GetDirectoryName(f)!).OrderBy(g => g.Key, StringComparer.Ordinal).LastOrDefault()?.ToList() ?? [];
        }

        return events.Count > 0 ? TensorBoardEvents.Read(path, events) : throw new TrainToolsException(
            ErrorIds.TrainingLogUnknown, ErrorKind.InvalidData, $"The folder {path} holds no log that is known.",
            $"It should hold metrics.jsonl, {StateName}, trainer_log.jsonl, a CSV log or TensorBoard event files.", path);
    }

    private static int CheckpointNumber(string folder) => int.TryParse(Path.GetFileName(folder).AsSpan("checkpoint-".Length), out var number) ? number : 0;

    // A log of this tool's, with all its signals, and the settings beside it; null where it is another's of the same name.
    private static TrainingLog? Own(string path)
    {
        if (!File.ReadLines(path).Take(50).Any(l => l.Contains("\"num_supervised_tokens\"", StringComparison.Ordinal)))
        {
            return null;
        }

        var metrics = RunMetrics.Read(path);
        var total = File.ReadLines(path).Count(l => l.Length > 0);
        var whole = metrics.Steps.Count + metrics.Evaluations.Count;
        var folder = new RunFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var problems = new List<string>();
        var kept = RunInfo.TryLoad(folder)?.Facts;
        var facts = kept ?? new RunFacts();
        if (File.Exists(folder.ConfigPath))
        {
            try
            {
                var config = ConfigYaml.Read(folder.ConfigPath);
                facts = kept is null ? RunFacts.From(config) : kept with { Config = config };
            }
            catch (TrainToolsException e)
            {
                problems.Add($"The settings beside it cannot be read: {e.Message}");
            }
        }

        // A summary ends a run.
        var broken = total - whole - File.ReadLines(path).Count(l => l.Contains("\"train_runtime\"", StringComparison.Ordinal));
        if (broken > 0)
        {
            problems.Add($"{broken} of {total} lines {(broken == 1 ? "is" : "are")} broken or of another kind; {whole} entries were read.");
        }

        if (metrics.Steps.Count == 0)
        {
            throw new TrainToolsException(ErrorIds.TrainingLogEmpty, ErrorKind.InvalidData, $"{path} holds no step yet.", "Wait until the run has logged some steps.", path);
        }

        var last = metrics.Steps[^1];
        return new TrainingLog
        {
            Path = path,
            Format = "run folder",
            Steps = metrics.Steps,
            Evaluations = metrics.Evaluations,
            Facts = facts with { StepsPerEpoch = facts.StepsPerEpoch ?? (last.Epoch > 0 ? last.Step / last.Epoch : null) },
            Lacks = Lacks(kept is not null, metrics.Steps),
            Problems = problems,
        };
    }

    private static List<string> Lacks(bool hasFacts, IReadOnlyList<TrainingStep> steps)
    {
        List<string> lacks = ["record ids and memory that ran out: they are known only while the run trains"];
        if (!hasFacts)
        {
            lacks.Add("what the trainer knew of the run (parameters, rows, classes, entropy of the targets; earlier versions did not keep it in run.json): a proposed rate may differ from the one named then");
        }

        if (steps.Count > 1 && (steps[^1].Step - steps[0].Step) / (double)(steps.Count - 1) is > 1.5 and var interval)
        {
            lacks.Add(FormattableString.Invariant($"the steps between: one in {interval:0} was logged (logging_steps), so that what is short is seen later or not at all"));
        }

        return lacks;
    }
}
