using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Pipeline;

/// <summary>About how many bytes a record takes in memory.</summary>
internal static class RecordSize
{
    private const long Overhead = 256;

    public static long Of(TrainingRecord record) => Overhead + (2 * (
        Length(record.Text) + Length(record.Prompt) + Length(record.Completion) + Length(record.Chosen) + Length(record.Rejected)
        + Length(record.Messages) + Length(record.CompletionMessages) + Length(record.ChosenMessages) + Length(record.RejectedMessages)
        + Length(record.Tokens) + Length(record.Tags) + (record.Extra is null ? 0 : 200)));

    private static long Length(string? text) => text?.Length ?? 0;

    private static long Length(IReadOnlyList<string>? texts) => texts?.Sum(t => t.Length + 16L) ?? 0;

    private static long Length(IReadOnlyList<ChatMessage>? messages) => messages?.Sum(m => Length(m.Content) + (m.Extra is null ? 32 : 400)) ?? 0;
}
