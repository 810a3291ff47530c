using TrainTools.Core.Data;

namespace TrainTools.Core.Samples;

/// <summary>Turns records into what a model reads. Safe to use from several threads at once.</summary>
public interface IRecordEncoder
{
    /// <summary>The record's tokens and targets.</summary>
    /// <exception cref="Errors.TrainToolsException">The record cannot be learnt from; the error names it.</exception>
    EncodedRecord Encode(TrainingRecord record);
}

/// <summary>A record as tokens.</summary>
/// <param name="Sample">The tokens and labels; of a record in several windows the first.</param>
public sealed record EncodedRecord(TrainingSample Sample)
{
    /// <summary>Whether the prompt's own tokens are not the start of the whole's: the border falls inside a token, and the label mask is off by it.</summary>
    public bool PromptSplitsToken { get; init; }

    /// <summary>Whether the encoder has already cut to max_length and decided what is dropped.</summary>
    public bool IsFinal { get; init; }

    /// <summary>The further windows of a record that is longer than a row.</summary>
    public IReadOnlyList<TrainingSample> Further { get; init; } = [];

    /// <summary>Tokens that the encoder cut off.</summary>
    public int TokensLost { get; init; }

    /// <summary>Why there is nothing to learn from it; null where there is.</summary>
    public DropReason? Drop { get; init; }
}
