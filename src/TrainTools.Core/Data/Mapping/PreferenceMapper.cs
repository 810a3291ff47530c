using System.Text.Json;

namespace TrainTools.Core.Data.Mapping;

/// <summary>Preference records: a chosen and a rejected answer, as text or as turns, with a prompt or with one inside both answers.</summary>
internal static class PreferenceMapper
{
    public static TrainingRecord Map(RowFields row, DatasetReaderOptions options)
    {
        var chosen = row.Take(options.ChosenField);
        var rejected = row.Take(options.RejectedField);
        var conversational = chosen.ValueKind is JsonValueKind.Array or JsonValueKind.Object;
        var conversation = ShapeDetector.Conversation(row, options);
        var prompt = NamedFields.First(row, options, o => o.PromptField, "question") ?? conversation;
        if (!conversational && conversation is null && (prompt is null || row.Take(prompt).ValueKind == JsonValueKind.String))
        {
            return new TrainingRecord
            {
                Shape = RecordShape.Preference,
                Prompt = prompt is not null ? row.Text(prompt) : row.Has("instruction") ? RecordMapper.AlpacaInstruction(row) : null,
                Chosen = JsonValues.Text(chosen, options.ChosenField),
                Rejected = JsonValues.Text(rejected, options.RejectedField),
                Extra = row.Rest(),
            };
        }

        return new TrainingRecord
        {
            Shape = RecordShape.Preference,
            Messages = PromptMessages(row, prompt),
            ChosenMessages = Answer(chosen, options.ChosenField),
            RejectedMessages = Answer(rejected, options.RejectedField),
            Tools = RecordMapper.Tools(row),
            Extra = row.Rest(),
        }.WithoutRepeatedPrompt();
    }

    /// <summary>Where both answers repeat the prompt's turns, takes those turns out of them.</summary>
    private static TrainingRecord WithoutRepeatedPrompt(this TrainingRecord record)
    {
        if (record.Messages is not [{ Role: "user" } prompt] || !Repeats(record.ChosenMessages!, prompt) || !Repeats(record.RejectedMessages!, prompt))
        {
            return record;
        }

        return PreferencePrompt.Extract(record with { Messages = null });
    }

    private static bool Repeats(IReadOnlyList<ChatMessage> turns, ChatMessage prompt) =>
        turns.Count > 1 && turns.Any(t => t.Role == "user" && t.Content == prompt.Content);

    private static List<ChatMessage>? PromptMessages(RowFields row, string? field)
    {
        if (field is null)
        {
            return row.Has("instruction") ? [new ChatMessage("user", RecordMapper.AlpacaInstruction(row))] : null;
        }

        var value = row.Take(field);
        var messages = value.ValueKind == JsonValueKind.String
            ? [new ChatMessage("user", JsonValues.Text(value, field))]
            : MessageMapper.Messages(value, field);
        if (row.OptionalText("system") is { Length: > 0 } system && messages[0].Role != "system")
        {
            messages.Insert(0, new ChatMessage("system", system));
        }

        return messages;
    }

    private static List<ChatMessage> Answer(JsonElement value, string field) => value.ValueKind == JsonValueKind.String
        ? [new ChatMessage("assistant", JsonValues.Text(value, field))]
        : MessageMapper.Messages(value, field);
}
