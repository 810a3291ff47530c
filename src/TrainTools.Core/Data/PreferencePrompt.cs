namespace TrainTools.Core.Data;

/// <summary>Takes the prompt out of a preference record whose two answers both contain it.</summary>
public static class PreferencePrompt
{
    /// <summary>
    /// The record with what both answers begin with as its prompt: the common turns of conversations, the common characters
    /// of texts less a space at their end (as TRL does it). A record that has a prompt, or is no preference record, is
    /// returned as it is.
    /// </summary>
    public static TrainingRecord Extract(TrainingRecord record)
    {
        if (record.Shape != RecordShape.Preference || record.Prompt is not null || record.Messages is not null)
        {
            return record;
        }

        return record.Chosen is not null && record.Rejected is not null
            ? FromTexts(record, record.Chosen, record.Rejected)
            : record.ChosenMessages is not null && record.RejectedMessages is not null
                ? FromTurns(record, record.ChosenMessages, record.RejectedMessages)
                : record;
    }

    private static TrainingRecord FromTexts(TrainingRecord record, string chosen, string rejected)
    {
        var length = chosen.AsSpan().CommonPrefixLength(rejected);
        if (length > 0 && length < Math.Min(chosen.Length, rejected.Length) && char.IsHighSurrogate(chosen[length - 1]))
        {
            length--;
        }

        if (length > 0 && chosen[length - 1] == ' ')
        {
            length--;
        }

        return record with { Prompt = chosen[..length], Chosen = chosen[length..], Rejected = rejected[length..] };
    }

    private static TrainingRecord FromTurns(TrainingRecord record, IReadOnlyList<ChatMessage> chosen, IReadOnlyList<ChatMessage> rejected)
    {
        var count = 0;
        while (count < Math.Min(chosen.Count, rejected.Count) && Same(chosen[count], rejected[count]))
        {
            count++;
        }

        return record with
        {
            Messages = [.. chosen.Take(count)],
            ChosenMessages = [.. chosen.Skip(count)],
            RejectedMessages = [.. rejected.Skip(count)],
        };
    }

    private static bool Same(ChatMessage a, ChatMessage b) => a.Role == b.Role && a.Content == b.Content;
}
