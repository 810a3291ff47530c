using TrainTools.Core.Cleaning.Scores;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Samples.Labels;

/// <summary>
/// Texts and their labels: the text with the model's own tokens around it, cut to max_length, and the row's target (a class
/// number, a value, or one number a class). A text of nothing but blanks is dropped.
/// </summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="labels">The labels.</param>
/// <param name="data">max_length and truncation_mode.</param>
public sealed class ClassificationEncoder(PretrainedTokenizer tokenizer, LabelSet labels, DataConfig data) : IRecordEncoder
{
    private readonly EncodeOptions whole = new();
    private readonly EncodeOptions cut = new()
    {
        MaxLength = data.MaxLength,
        TruncationSide = data.TruncationMode == TruncationMode.KeepEnd ? TokenSide.Left : TokenSide.Right,
    };

    /// <inheritdoc/>
    /// <exception cref="TrainToolsException">RecordShapeUnsupported, LabelMissing, LabelUnknown, LabelNotNumber.</exception>
    public EncodedRecord Encode(TrainingRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (record.Shape != RecordShape.Classification)
        {
            throw new TrainToolsException(
                ErrorIds.RecordShapeUnsupported, ErrorKind.InvalidData, $"{SampleEncoder.Place(record)}: classification needs a text and its label, and this is a {record.Shape} record.",
                "Use records with text and label, or name the fields (text_field, label_field).", record.SourceFile);
        }

        var targets = RowTargets.Of(record, labels);
        if (string.IsNullOrWhiteSpace(record.Text))
        {
            return new EncodedRecord(Sample(record, [], targets)) { IsFinal = true, Drop = DropReason.EmptyText };
        }

        var ids = Ids(record.Text, out var lost);
        return new EncodedRecord(Sample(record, ids, targets)) { IsFinal = true, TokensLost = lost, Drop = ids.Length == 0 ? DropReason.NoTarget : null };
    }

    /// <summary>Token ids of a text, cut to max_length.</summary>
    /// <param name="text">The text.</param>
    /// <param name="lost">Tokens that were cut off.</param>
    public int[] Ids(string text, out int lost)
    {
        var all = tokenizer.EncodeText(text, null, whole).Ids;
        lost = data.MaxLength is { } length ? Math.Max(0, all.Length - length) : 0;
        return lost == 0 ? all : tokenizer.EncodeText(text, null, cut).Ids;
    }

    private static TrainingSample Sample(TrainingRecord record, int[] ids, float[] targets) => new()
    {
        InputIds = ids,
        Labels = [.. Enumerable.Repeat(TrainingSample.Ignored, ids.Length)],
        RowTargets = targets,
        RecordIndexes = [record.Index],
        Difficulty = CurriculumScore.Of(record),
    };
}
