using TrainTools.Core.Cleaning.Scores;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Samples.Labels;

/// <summary>
/// Texts for a masked language model: each in as many rows of max_length tokens as it takes, none lost. Which tokens are
/// masked is drawn anew at every step.
/// </summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="data">max_length.</param>
public sealed class MaskedTextEncoder(PretrainedTokenizer tokenizer, DataConfig data) : IRecordEncoder
{
    private readonly EncodeOptions options = new() { MaxLength = data.MaxLength, TruncationSide = TokenSide.Right };

    /// <inheritdoc/>
    /// <exception cref="TrainToolsException">RecordShapeUnsupported.</exception>
    public EncodedRecord Encode(TrainingRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        var text = record.Shape switch
        {
            RecordShape.Text or RecordShape.Classification => record.Text ?? string.Empty,
            RecordShape.TokenClassification => string.Join(' ', record.Tokens!),
            _ => throw new TrainToolsException(
                ErrorIds.RecordShapeUnsupported, ErrorKind.InvalidData, $"{SampleEncoder.Place(record)}: a masked language model learns from texts, and this is a {record.Shape} record.",
                "Use records with a text field (text_field), or plain text files.", record.SourceFile),
        };
        var whole = string.IsNullOrWhiteSpace(text) ? null : tokenizer.EncodeText(text, null, options);
        List<TrainingSample> samples = whole is null ? [] : [.. whole.Overflowing.Prepend(whole).Select(w => Sample(record, w)).Where(s => s.SupervisedTokens > 0)];
        return samples.Count > 0
            ? new EncodedRecord(samples[0]) { IsFinal = true, Further = [.. samples.Skip(1)] }
            : new EncodedRecord(new TrainingSample { InputIds = [], Labels = [], RecordIndexes = [record.Index] }) { IsFinal = true, Drop = DropReason.EmptyText };
    }

    // Labels say which tokens can be asked for; the words keep whole-word masking together.
    private static TrainingSample Sample(TrainingRecord record, TokenEncoding window)
    {
        int[] words = [.. window.WordIds.Select((w, i) => window.SpecialTokensMask[i] == 1 ? -1 : w ?? i)];
        return new TrainingSample
        {
            InputIds = window.Ids,
            Labels = [.. window.Ids.Select((id, i) => words[i] < 0 ? TrainingSample.Ignored : id)],
            WordIds = words,
            RecordIndexes = [record.Index],
            Difficulty = CurriculumScore.Of(record),
        };
    }
}
