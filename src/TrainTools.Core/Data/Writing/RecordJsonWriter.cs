using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace TrainTools.Core.Data.Writing;

/// <summary>Writes records as JSON objects under the field's standard names; what a shape does not use comes last, as it was.</summary>
internal sealed partial class RecordJsonWriter(DatasetWriterOptions options)
{
    public void Write(Utf8JsonWriter json, TrainingRecord record)
    {
        json.WriteStartObject();
        switch (record.Shape)
        {
            case RecordShape.Text:
                json.WriteString(options.TextField, record.Text);
                break;
            case RecordShape.Messages:
                Messages(json, options.MessagesField, record.Messages!);
                break;
            case RecordShape.PromptCompletion:
                json.WriteString(options.PromptField, record.Prompt);
                json.WriteString(options.CompletionField, record.Completion);
                break;
            case RecordShape.ConversationalPromptCompletion:
                Messages(json, options.PromptField, record.Messages!);
                Messages(json, options.CompletionField, record.CompletionMessages!);
                break;
            case RecordShape.Preference:
                Preference(json, record);
                break;
            case RecordShape.Classification:
                json.WriteString(options.TextField, record.Text);
                Labels(json, record);
                break;
            case RecordShape.TokenClassification:
                Strings(json, options.TokensField, record.Tokens!);
                Strings(json, options.TagsField, record.Tags!);
                break;
        }

        if (record.Tools is not null)
        {
            json.WritePropertyName("tools");
            record.Tools.WriteTo(json);
        }

        foreach (var (name, value) in record.Extra ?? [])
        {
            json.WritePropertyName(name);
            Node(json, value);
        }

        json.WriteEndObject();
    }

    /// <summary>One turn, with what it holds beside role and content.</summary>
    private static void Message(Utf8JsonWriter json, ChatMessage message)
    {
        json.WriteStartObject();
        json.WriteString("role", message.Role);
        if (message.Content is not null || message.Extra?.ContainsKey("content") != false)
        {
            json.WriteString("content", message.Content);
        }

        foreach (var (name, value) in message.Extra ?? [])
        {
            if (name is not ("role" or "content"))
            {
                json.WritePropertyName(name);
                Node(json, value);
            }
        }

        json.WriteEndObject();
    }

    private static void Messages(Utf8JsonWriter json, string name, IReadOnlyList<ChatMessage> messages)
    {
        json.WriteStartArray(name);
        foreach (var message in messages)
        {
            Message(json, message);
        }

        json.WriteEndArray();
    }

    private static void Strings(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static void Node(Utf8JsonWriter json, JsonNode? value)
    {
        if (value is null)
        {
            json.WriteNullValue();
        }
        else
        {
            value.WriteTo(json);
        }
    }

    private void Preference(Utf8JsonWriter json, TrainingRecord record)
    {
        if (record.Prompt is not null)
        {
            json.WriteString(options.PromptField, record.Prompt);
        }
        else if (record.Messages is not null)
        {
            Messages(json, options.PromptField, record.Messages);
        }

        if (record.Chosen is not null)
        {
            json.WriteString("chosen", record.Chosen);
            json.WriteString("rejected", record.Rejected);
        }
        else
        {
            Messages(json, "chosen", record.ChosenMessages!);
            Messages(json, "rejected", record.RejectedMessages!);
        }
    }

    private void Labels(Utf8JsonWriter json, TrainingRecord record)
    {
        if (record.Labels is not null)
        {
            json.WriteStartArray(options.LabelField);
            foreach (var label in record.Labels)
            {
                Label(json, label);
            }

            json.WriteEndArray();
        }
        else if (record.Label is not null)
        {
            json.WritePropertyName(options.LabelField);
            Label(json, record.Label);
        }
    }

    /// <summary>A label that reads as a number is written as one, in the digits it came in.</summary>
    private static void Label(Utf8JsonWriter json, string label)
    {
        if (Number().IsMatch(label))
        {
            json.WriteRawValue(label);
        }
        else
        {
            json.WriteStringValue(label);
        }
    }

    [GeneratedRegex(@"^-?(?:0|[1-9]\d{0,17})(?:\.\d{1,18})?$")]
    private static partial Regex Number();
}
