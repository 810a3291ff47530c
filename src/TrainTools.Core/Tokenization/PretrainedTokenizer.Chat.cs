using System.Text.Json.Nodes;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization.Chat;

namespace TrainTools.Core.Tokenization;

/// <summary>A conversation in the model's tokens.</summary>
/// <param name="Text">The rendered text.</param>
/// <param name="Tokens">Its tokens; nothing is put around them, since the template writes the special tokens itself.</param>
/// <param name="AssistantMask">1 for the tokens of the assistant's text (the template's generation blocks), 0 for the others.</param>
public sealed record EncodedChat(string Text, TokenEncoding Tokens, int[] AssistantMask);

public sealed partial class PretrainedTokenizer
{
    /// <summary>Renders a conversation with the model's chat template and encodes it.</summary>
    /// <param name="messages">The turns.</param>
    /// <param name="addGenerationPrompt">Whether the start of an answer is added.</param>
    /// <param name="tools">Tool definitions; null = none.</param>
    /// <param name="templateName">Name of the template; null: the default one, or "tool_use" where tools are given and there is one.</param>
    /// <exception cref="TrainToolsException">There is no such template, or it refuses the conversation.</exception>
    public EncodedChat ApplyChatTemplate(
        IEnumerable<ChatMessage> messages, bool addGenerationPrompt = false, JsonArray? tools = null, string? templateName = null) =>
        EncodeRendering(FindTemplate(tools, templateName).Render(messages, addGenerationPrompt, tools));

    /// <summary>The same for turns as JSON objects.</summary>
    public EncodedChat ApplyChatTemplate(
        JsonArray messages, bool addGenerationPrompt = false, JsonArray? tools = null, string? templateName = null) =>
        EncodeRendering(FindTemplate(tools, templateName).RenderJson(messages, addGenerationPrompt, tools));

    private ChatTemplate FindTemplate(JsonArray? tools, string? name)
    {
        var wanted = name ?? (tools is not null && ChatTemplates.ContainsKey("tool_use") ? "tool_use" : "default");
        if (!ChatTemplates.TryGetValue(wanted, out var source))
        {
            var known = ChatTemplates.Count == 0 ? "it has none" : "it has " + string.Join(", ", ChatTemplates.Keys.Order(StringComparer.Ordinal));
            throw new TrainToolsException(
                ErrorIds.ChatTemplateMissing,
                ErrorKind.InvalidData,
                $"The tokenizer in '{Folder}' has no chat template '{wanted}': {known}.",
                "Give a template with chat_template_path, or use data without conversations.",
                Folder);
        }

        return new ChatTemplate(source, SpecialTokens.Select(t => KeyValuePair.Create(t.Key, (string?)t.Value)), Folder);
    }

    private EncodedChat EncodeRendering(ChatRendering rendering)
    {
        var tokens = EncodeText(rendering.Text, options: new EncodeOptions { AddSpecialTokens = false });
        var mask = new int[tokens.Count];
        foreach (var span in rendering.AssistantSpans)
        {
            // As in transformers: from the token of the first character to that of the last; an end that has no token
            // reaches to the end of the text.
            var first = TokenAt(tokens, span.Start);
            if (first < 0)
            {
                break;
            }

            var last = TokenAt(tokens, span.End - 1);
            var end = last > 0 ? last + 1 : mask.Length;
            mask.AsSpan(first, Math.Max(end - first, 0)).Fill(1);
        }

        return new EncodedChat(rendering.Text, tokens, mask);
    }

    private static int TokenAt(TokenEncoding tokens, int character) =>
        Array.FindIndex(tokens.Offsets, o => character >= o.Start && character < o.End);
}
