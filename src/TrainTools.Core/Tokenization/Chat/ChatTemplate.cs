using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization.Chat.Jinja;

namespace TrainTools.Core.Tokenization.Chat;

/// <summary>A conversation as the model reads it.</summary>
/// <param name="Text">The rendered text.</param>
/// <param name="AssistantSpans">Text inside generation blocks, in order; empty where the template has none.</param>
public sealed record ChatRendering(string Text, IReadOnlyList<TextSpan> AssistantSpans);

/// <summary>
/// A model's chat template. Rendering equals transformers' apply_chat_template with tokenize off; text rendered here is
/// tokenised without adding special tokens, since the template wrote them.
/// </summary>
public sealed class ChatTemplate
{
    private static readonly ConcurrentDictionary<string, JinjaTemplate> Parsed = new(StringComparer.Ordinal);

    private readonly JinjaTemplate template;
    private readonly KeyValuePair<string, JsonNode?>[] specialTokens;

    /// <summary>Makes a template.</summary>
    /// <param name="source">Jinja source.</param>
    /// <param name="specialTokens">bos_token, eos_token, … as the template names them.</param>
    /// <param name="name">Where it comes from (a file), for errors.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.ChatTemplateInvalid"/>: the source is no valid template.</exception>
    public ChatTemplate(string source, IEnumerable<KeyValuePair<string, string?>>? specialTokens = null, string? name = null)
    {
        Source = source;
        Name = name ?? "the chat template";
        this.specialTokens = [.. (specialTokens ?? []).Where(t => t.Value is not null).Select(t => new KeyValuePair<string, JsonNode?>(t.Key, JsonValue.Create(t.Value)))];
        try
        {
            if (!Parsed.TryGetValue(source, out var parsed))
            {
                parsed = JinjaTemplate.Parse(source);
                if (Parsed.Count < 256)
                {
                    Parsed.TryAdd(source, parsed);
                }
            }

            template = parsed;
        }
        catch (JinjaException e)
        {
            throw new TrainToolsException(
                ErrorIds.ChatTemplateInvalid, ErrorKind.InvalidData, $"{Name}, line {e.Line}: {e.Message}",
                "Mend the template, or give another one with chat_template_path.", Name, e);
        }
    }

    /// <summary>Jinja source.</summary>
    public string Source { get; }

    /// <summary>Where it comes from.</summary>
    public string Name { get; }

    /// <summary>Whether the template marks the assistant's text with generation blocks.</summary>
    public bool MarksAssistantText => template.MarksAssistantText;

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">The turns.</param>
    /// <param name="addGenerationPrompt">Whether the start of an answer is added.</param>
    /// <param name="tools">Tool definitions; null = none.</param>
    /// <param name="extra">Further variables (enable_thinking, documents, …).</param>
    /// <param name="now">The time strftime_now tells; null = the clock.</param>
    /// <exception cref="TrainToolsException">
    /// <see cref="ErrorIds.ChatTemplateFailed"/>: the template refuses the conversation or fails on it;
    /// <see cref="ErrorIds.ChatTemplateUnbounded"/>: it does not end, or writes without end.
    /// </exception>
    public ChatRendering Render(
        IEnumerable<ChatMessage> messages, bool addGenerationPrompt = false, JsonArray? tools = null,
        IEnumerable<KeyValuePair<string, JsonNode?>>? extra = null, DateTimeOffset? now = null)
    {
        var array = new JsonArray([.. messages.Select(ToJson)]);
        return RenderJson(array, addGenerationPrompt, tools, extra, now);
    }

    /// <summary>The same for turns as JSON objects.</summary>
    public ChatRendering RenderJson(
        JsonArray messages, bool addGenerationPrompt = false, JsonArray? tools = null,
        IEnumerable<KeyValuePair<string, JsonNode?>>? extra = null, DateTimeOffset? now = null)
    {
        var variables = new List<KeyValuePair<string, JsonNode?>>(specialTokens)
        {
            new("messages", messages),
            new("tools", tools),
            new("documents", null),
            new("add_generation_prompt", JsonValue.Create(addGenerationPrompt)),
        };
        variables.AddRange(extra ?? []);
        try
        {
            var result = template.Render(variables, now ?? DateTimeOffset.Now);
            return new ChatRendering(result.Text, result.AssistantSpans);
        }
        catch (JinjaException e)
        {
            var place = e.Line > 0 ? $", line {e.Line}" : string.Empty;
            if (e.IsLimit)
            {
                throw new TrainToolsException(
                    ErrorIds.ChatTemplateUnbounded, ErrorKind.InvalidData, $"{Name}{place} was stopped: {e.Message}.",
                    "Give another template with chat_template_path; this one does not end, or is hostile.", Name, e);
            }

            var what = e.PythonType == "TemplateError" ? "refuses the conversation" : "fails on the conversation";
            throw new TrainToolsException(
                ErrorIds.ChatTemplateFailed, ErrorKind.InvalidData, $"{Name}{place} {what}: {e.Message}",
                "Change the conversation to what the template expects (roles and their order), or give another template with chat_template_path.", Name, e);
        }
    }

    private static JsonObject ToJson(ChatMessage message)
    {
        // Fields as they stood in the file; role and content win, so that an edited message renders as edited.
        var json = new JsonObject { ["role"] = message.Role };
        if (message.Content is not null || message.Extra is null || message.Extra.ContainsKey("content"))
        {
            json["content"] = message.Extra?["content"] is JsonArray or JsonObject && message.Content is null
                ? message.Extra["content"]!.DeepClone() : message.Content;
        }

        foreach (var (key, value) in message.Extra ?? [])
        {
            if (key is not ("role" or "content"))
            {
                json[key] = value?.DeepClone();
            }
        }

        return json;
    }
}
