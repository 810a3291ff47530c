using TrainTools.Core.Cleaning.Scores;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Samples.Labels;

/// <summary>
/// Words and their tags: the first token of each word has its tag, the others -100 (or, with label_all_tokens, the tag too,
/// with I- in place of B-, as transformers' run_ner has it). Sentences longer than a row go into overlapping windows.
/// </summary>
public sealed class TagEncoder : IRecordEncoder
{
    private readonly LabelSet labels;
    private readonly int[]? inside;
    private readonly WordEncoder encoder;

    /// <summary>Makes the encoder.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="labels">The tags.</param>
    /// <param name="data">max_length, stride and label_all_tokens.</param>
    public TagEncoder(PretrainedTokenizer tokenizer, LabelSet labels, DataConfig data)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(data);
        this.labels = labels;
        inside = data.LabelAllTokens ? [.. labels.Names.Select((name, id) => name.StartsWith("B-", StringComparison.Ordinal) && labels.Find("I-" + name[2..]) is >= 0 and var i ? i : id)] : null;
        encoder = new WordEncoder(tokenizer, data.MaxLength, data.Stride ?? 0);
    }

    /// <inheritdoc/>
    /// <exception cref="TrainToolsException">RecordShapeUnsupported, TokenTagMismatch, LabelUnknown.</exception>
    public EncodedRecord Encode(TrainingRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (record.Shape != RecordShape.TokenClassification)
        {
            throw new TrainToolsException(
                ErrorIds.RecordShapeUnsupported, ErrorKind.InvalidData, $"{SampleEncoder.Place(record)}: tagging needs words and their tags, and this is a {record.Shape} record.",
                "Use CoNLL, or JSON with tokens and ner_tags, or with text and entities.", record.SourceFile);
        }

        if (record.Tokens!.Count != record.Tags!.Count)
        {
            throw LabelDiscovery.Mismatch(record);
        }

        var gold = new int[record.Tags.Count];
        for (var i = 0; i < gold.Length; i++)
        {
            gold[i] = labels.Find(record.Tags[i]) is >= 0 and var id ? id : throw LabelDiscovery.Unknown(record, record.Tags[i], labels);
        }

        var encoded = encoder.Encode(record.Tokens);
        var samples = new List<TrainingSample>();
        for (var w = 0; w < encoded.Windows.Count; w++)
        {
            var window = encoded.Windows[w];
            var targets = Labels(encoded, w, gold);
            if (targets.AsSpan().IndexOfAnyExcept(TrainingSample.Ignored) >= 0)
            {
                samples.Add(new TrainingSample
                {
                    InputIds = window.Ids,
                    Labels = targets,
                    WordIds = window.WordIds,
                    WordLabels = samples.Count == 0 ? gold : null,
                    RecordIndexes = [record.Index],
                    Difficulty = CurriculumScore.Of(record),
                });
            }
        }

        return samples.Count > 0
            ? new EncodedRecord(samples[0]) { IsFinal = true, Further = [.. samples.Skip(1)] }
            : new EncodedRecord(new TrainingSample { InputIds = [], Labels = [], RecordIndexes = [record.Index] }) { IsFinal = true, Drop = DropReason.EmptyText };
    }

    private int[] Labels(EncodedWords encoded, int w, int[] gold)
    {
        var window = encoded.Windows[w];
        var result = new int[window.Ids.Length];
        Array.Fill(result, TrainingSample.Ignored);
        for (var i = 0; i < result.Length; i++)
        {
            var word = window.WordIds[i];
            if (word >= 0 && encoded.Owner[word].Window == w)
            {
                result[i] = encoded.Owner[word].Position == i ? gold[word] : inside is null ? TrainingSample.Ignored : inside[gold[word]];
            }
        }

        return result;
    }
}
