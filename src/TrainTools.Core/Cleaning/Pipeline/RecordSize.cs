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

    private static long Length(IReadOnlyList<string>? texts)
    {
        long sum = 0;
        for (var i = 0; i < (texts?.Count ?? 0); i++)
        {
            sum += texts![i].Length + 16L;
        }

        return sum;
    }

    private static long Length(IReadOnlyList<ChatMessage>? messages)
    {
        long sum = 0;
        for (var i = 0; i < (messages?.Count ?? 0); i++)
        {
            sum += Length(messages![i].Content) + (messages[i].Extra is null ? 32 : 400);
        }

        return sum;
    }
}
