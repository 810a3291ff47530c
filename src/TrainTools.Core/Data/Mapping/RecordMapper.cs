using System.Text.Json;
using System.Text.Json.Nodes;

using TrainTools.Core.Configuration;

namespace TrainTools.Core.Data.Mapping;

/// <summary>Makes a record of a row, by the given shape or by the one its fields show.</summary>
internal sealed class RecordMapper(DatasetReaderOptions options)
{
    /// <summary>Makes the record, without its place.</summary>
    /// <exception cref="RowException">The row is no record.</exception>
    public TrainingRecord Map(JsonElement row)
    {
        if (row.ValueKind != JsonValueKind.Object)
        {
            throw new RowException($"a record must be an object, this is {JsonValues.Describe(row)}");
        }

        var fields = new RowFields(row);
        var shape = options.Shape == DatasetFormat.Auto ? ShapeDetector.Detect(fields, options) : options.Shape;
        return shape switch
        {
            DatasetFormat.Messages or DatasetFormat.ShareGpt => Conversation(fields),
            DatasetFormat.Alpaca => Alpaca(fields),
            DatasetFormat.PromptCompletion => PromptCompletion(fields),
            DatasetFormat.Preference => PreferenceMapper.Map(fields, options),
            DatasetFormat.Classification => Classification(fields),
            DatasetFormat.TokenClassification => TokenClassification(fields),
            _ => Text(fields),
        };
    }

    /// <summary>Tool definitions: a list, or a list as JSON text; null where there are none.</summary>
    internal static JsonArray? Tools(RowFields row)
    {
        if (!row.Has("tools"))
        {
            return null;
        }

        var value = row.Take("tools");
        using var inner = JsonValues.Unwrap(value);
        var list = inner?.RootElement ?? value;
        return list.ValueKind == JsonValueKind.Array
            ? list.GetArrayLength() > 0 ? (JsonArray)JsonValues.Node(list)! : null
            : list.ValueKind == JsonValueKind.String && string.IsNullOrWhiteSpace(list.GetString())
                ? null
                : throw new RowException($"field 'tools' holds {JsonValues.Describe(value)} where a list is expected");
    }

    private TrainingRecord Conversation(RowFields row)
    {
        var field = ShapeDetector.Conversation(row, options)
            ?? throw new RowException($"field '{options.MessagesField}' is missing");
        var messages = MessageMapper.Messages(row.Take(field), field);
        if (row.OptionalText("system") is { Length: > 0 } system && messages[0].Role != "system")
        {
            messages.Insert(0, new ChatMessage("system", system));
        }

        return new TrainingRecord { Shape = RecordShape.Messages, Messages = messages, Tools = Tools(row), Extra = row.Rest() };
    }

    private TrainingRecord PromptCompletion(RowFields row)
    {
        var (promptField, completionField) = ShapeDetector.Pair(row, options) ?? (options.PromptField, options.CompletionField);
        var prompt = row.Take(promptField);
        var completion = row.Take(completionField);
        if (prompt.ValueKind is JsonValueKind.Array or JsonValueKind.Object)
        {
            return new TrainingRecord
            {
                Shape = RecordShape.ConversationalPromptCompletion,
                Messages = MessageMapper.Messages(prompt, promptField),
                CompletionMessages = MessageMapper.Messages(completion, completionField),
                Tools = Tools(row),
                Extra = row.Rest(),
            };
        }

        return new TrainingRecord
        {
            Shape = RecordShape.PromptCompletion,
            Prompt = JsonValues.Text(prompt, promptField),
            Completion = JsonValues.Text(completion, completionField),
            Extra = row.Rest(),
        };
    }

    /// <summary>
    /// Instruction and input are the user's turn and output is the answer, so that the model's chat template decides how
    /// they look. system and history (a list of question-answer pairs) are read where they are.
    /// </summary>
    private TrainingRecord Alpaca(RowFields row)
    {
        var messages = new List<ChatMessage>();
        if (row.OptionalText("system") is { Length: > 0 } system)
        {
            messages.Add(new ChatMessage("system", system));
        }

        if (row.Has("history"))
        {
            AddHistory(messages, row.Take("history"));
        }

        messages.Add(new ChatMessage("user", AlpacaInstruction(row)));
        var answer = row.Text(ShapeDetector.AlpacaAnswer(row, options) ?? (NamedFields.IsGiven(options, o => o.CompletionField) ? options.CompletionField : "output"));
        return new TrainingRecord
        {
            Shape = RecordShape.ConversationalPromptCompletion,
            Messages = messages,
            CompletionMessages = [new ChatMessage("assistant", answer)],
            Tools = Tools(row),
            Extra = row.Rest(),
        };
    }

    /// <summary>The instruction, with the input (or context) on a line of its own below it.</summary>
    internal static string AlpacaInstruction(RowFields row)
    {
        var instruction = row.Text("instruction");
        var input = row.OptionalText(row.First("input", "context") ?? "input");
        return string.IsNullOrWhiteSpace(input) ? instruction : $"{instruction}\n{input}";
    }

    private static void AddHistory(List<ChatMessage> messages, JsonElement history)
    {
        if (history.ValueKind != JsonValueKind.Array)
        {
            throw new RowException($"field 'history' holds {JsonValues.Describe(history)} where a list of pairs is expected");
        }

        foreach (var pair in history.EnumerateArray())
        {
            var turns = JsonValues.Labels(pair, "history");
            if (turns.Length != 2)
            {
                throw new RowException("field 'history' holds something other than pairs");
            }

            messages.Add(new ChatMessage("user", turns[0]));
            messages.Add(new ChatMessage("assistant", turns[1]));
        }
    }

    private TrainingRecord Text(RowFields row)
    {
        var field = ShapeDetector.Text(row, options) ?? options.TextField;
        return new TrainingRecord { Shape = RecordShape.Text, Text = row.Text(field), Extra = row.Rest() };
    }

    private TrainingRecord Classification(RowFields row)
    {
        var text = row.Text(ShapeDetector.Text(row, options) ?? options.TextField);
        var field = ShapeDetector.LabelField(row, options) ?? (ShapeDetector.IsLabelFieldGiven(options) ? null : row.First(KnownFields.WeakLabels)) ?? options.LabelField;
        var label = row.Take(field);
        using var inner = JsonValues.Unwrap(label); // a list in a cell of a table
        var several = label.ValueKind == JsonValueKind.Array || inner?.RootElement.ValueKind == JsonValueKind.Array;
        return new TrainingRecord
        {
            Shape = RecordShape.Classification,
            Text = text,
            Label = several ? null : JsonValues.Label(label, field),
            Labels = several ? JsonValues.Labels(label, field) : null,
            Extra = row.Rest(),
        };
    }

    private TrainingRecord TokenClassification(RowFields row)
    {
        if (ShapeDetector.Words(row, options) is null && ShapeDetector.Text(row, options) is { } text && EntityMapper.Field(row, options) is { } entities)
        {
            return EntityMapper.Map(row, text, entities);
        }

        var tokens = ShapeDetector.Words(row, options) ?? options.TokensField;
        var tags = ShapeDetector.Tags(row, options) ?? options.TagsField;
        return new TrainingRecord
        {
            Shape = RecordShape.TokenClassification,
            Tokens = JsonValues.Labels(row.Take(tokens), tokens),
            Tags = JsonValues.Labels(row.Take(tags), tags),
            Extra = row.Rest(),
        };
    }
}
