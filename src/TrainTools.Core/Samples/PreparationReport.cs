using System.Text.Json.Nodes;
using TrainTools.Core.Files;

namespace TrainTools.Core.Samples;

/// <summary>What became of records on the way to samples, in sentences and as a list.</summary>
public static class PreparationReport
{
    /// <summary>What a person should know before training on the samples; empty if nothing.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="what">"training" or "validation".</param>
    public static IEnumerable<string> Warnings(PreparedSamples samples, string what)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.Dropped.Count > 0)
        {
            var places = string.Join(", ", samples.Dropped.Take(5).Select(d => FormattableString.Invariant($"{Place(d)}: {Describe(d)}")));
            yield return $"{samples.Dropped.Count} of {samples.Records} {what} records are left out: {places}{(samples.Dropped.Count > 5 ? ", …" : "")}.";
        }

        if (samples.Truncated > 0)
        {
            yield return $"{samples.Truncated} of {samples.Records} {what} records are longer than max_length; {samples.TokensLost} tokens are cut off.";
        }

        if (samples.PromptSplits > 0)
        {
            yield return $"In {samples.PromptSplits} of {samples.Records} {what} records the prompt ends inside a token (first: {samples.FirstPromptSplit}); the loss mask is off by that token.";
        }
    }

    /// <summary>Writes every record that is left out, one JSON object a line: set, index, file, line, tokens, reason. Nothing left out leaves no file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sets">Samples by what they are for.</param>
    public static void WriteDropped(string path, IEnumerable<(string Set, PreparedSamples Samples)> sets)
    {
        ArgumentNullException.ThrowIfNull(sets);
        var lines = sets.SelectMany(s => s.Samples.Dropped.Select(d => new JsonObject
        {
            ["set"] = s.Set,
            ["index"] = d.RecordIndex,
            ["file"] = d.File,
            ["line"] = d.Line,
            ["tokens"] = d.Length,
            ["reason"] = d.Reason switch { DropReason.TargetTruncated => "target_truncated", DropReason.EmptyText => "empty_text", _ => "no_target" },
        }.ToJsonString())).ToList();
        if (lines.Count > 0)
        {
            AtomicFile.WriteText(path, string.Join('\n', lines) + "\n");
        }
        else
        {
            File.Delete(path);
        }
    }

    private static string Place(DroppedRecord record) => record.File is null
        ? FormattableString.Invariant($"record {record.RecordIndex}")
        : FormattableString.Invariant($"{Path.GetFileName(record.File)}({record.Line})");

    private static string Describe(DroppedRecord record) => record.Reason switch
    {
        DropReason.TargetTruncated => FormattableString.Invariant($"max_length cuts off everything supervised ({record.Length} tokens)"),
        DropReason.EmptyText => "the text is empty",
        _ => "nothing to predict",
    };
}
