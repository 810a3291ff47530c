using System.IO.Hashing;
using System.Runtime.InteropServices;

using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Pipeline;

/// <summary>Hashes by which equal records, equal inputs and equal outcomes are found.</summary>
/// <param name="Whole">Of the normalised record: 128 bits, so that a collision among 10^9 records has a chance of 10^-21.</param>
/// <param name="Input">Of the normalised input.</param>
/// <param name="Outcome">Of the label, the tags, the final answer or the normalised output.</param>
/// <param name="IsClosed">Whether two different outcomes contradict each other.</param>
internal readonly record struct RecordKeys(UInt128 Whole, ulong Input, ulong Outcome, bool IsClosed)
{
    /// <summary>Answers of up to this many words are taken for the only right one.</summary>
    private const int ClosedWords = 3;

    /// <summary>Computes the keys.</summary>
    /// <param name="view">The record.</param>
    /// <param name="texts">Its normalised texts.</param>
    public static RecordKeys Of(RecordView view, NormalizedTexts texts)
    {
        var (outcome, closed) = OutcomeOf(view, texts);
        return new RecordKeys(texts.Hash(Group(view.Record.Shape), view.Outcome), Hash(texts.Input), outcome, closed);
    }

    /// <summary>A 64-bit hash of a text.</summary>
    public static ulong Hash(ReadOnlySpan<char> text) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text));

    private static (ulong Outcome, bool IsClosed) OutcomeOf(RecordView view, NormalizedTexts texts)
    {
        if (view.Outcome is not null)
        {
            return (Hash(view.Outcome), true);
        }

        if (view.Output is null || view.Record.Shape == RecordShape.Preference)
        {
            return (0, false);
        }

        if (FinalAnswer.Of(view.Output) is { } answer)
        {
            return (Hash(answer), true);
        }

        var output = texts.Output;
        return (Hash(output), output.Length <= 40 && WordTokens.Count(output) <= ClosedWords);
    }

    /// <summary>Shapes that say the same in two ways count as one.</summary>
    private static int Group(RecordShape shape) => shape switch
    {
        RecordShape.Messages or RecordShape.ConversationalPromptCompletion or RecordShape.PromptCompletion => 1,
        RecordShape.Preference => 2,
        RecordShape.Classification => 3,
        RecordShape.TokenClassification => 4,
        _ => 0,
    };
}
