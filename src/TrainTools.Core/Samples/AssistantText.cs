using System.Text.Json.Nodes;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization;
using TrainTools.Core.Tokenization.Chat;

namespace TrainTools.Core.Samples;

/// <summary>
/// Where the assistant speaks in a rendered conversation: the template's generation blocks, or, where it has none, what each
/// assistant turn adds when the conversation is rendered turn by turn.
/// </summary>
internal static class AssistantText
{
    /// <summary>The text and the assistant's parts of it, [start, end) in code points.</summary>
    public static (string Text, IReadOnlyList<(int Start, int End)> Spans) Find(ChatTemplate template, IReadOnlyList<ChatMessage> messages, JsonArray? tools)
    {
        var whole = template.Render(messages, tools: Copy(tools));
        return template.MarksAssistantText
            ? (whole.Text, [.. whole.AssistantSpans.Select(s => (s.Start, s.End))])
            : (whole.Text, [.. TurnByTurn(template, messages, tools, whole.Text)]);
    }

    /// <summary>The tokens that touch a part.</summary>
    public static bool[] Mask(AlignedTokens tokens, IReadOnlyList<(int Start, int End)> spans)
    {
        var mask = new bool[tokens.Ids.Length];
        foreach (var (start, end) in spans)
        {
            for (var i = 0; i < mask.Length; i++)
            {
                var (from, to) = tokens.Offsets[i];
                mask[i] |= from < end && to > start && from < to;
            }
        }

        return mask;
    }

    // A turn's text is what follows the conversation before it, its generation prompt included. White space after the
    // turn's end token is the template's, not the assistant's: no generation would ever produce it.
    private static IEnumerable<(int Start, int End)> TurnByTurn(ChatTemplate template, IReadOnlyList<ChatMessage> messages, JsonArray? tools, string whole)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i].Role != "assistant")
            {
                continue;
            }

            var before = template.Render(messages.Take(i), addGenerationPrompt: true, tools: Copy(tools)).Text;
            var after = i + 1 == messages.Count ? whole : template.Render(messages.Take(i + 1), tools: Copy(tools)).Text;
            if (!after.StartsWith(before, StringComparison.Ordinal) || !whole.StartsWith(after, StringComparison.Ordinal))
            {
                throw new TrainToolsException(
                    ErrorIds.AssistantTokensMissing, ErrorKind.InvalidData,
                    $"the template has no generation blocks, and what it writes for turn {i + 1} does not follow from the turns before, so the assistant's text cannot be told apart.",
                    "Give a template with {% generation %} blocks (chat_template_path), or turn assistant_only_loss off.");
            }

            var end = before.Length + after.AsSpan(before.Length).TrimEnd().Length;
            yield return (CodePoints(whole, before.Length), CodePoints(whole, end));
        }
    }

    private static int CodePoints(string text, int units)
    {
        var count = 0;
        for (var i = 0; i < units; i++)
        {
            count += char.IsLowSurrogate(text[i]) ? 0 : 1;
        }

        return count;
    }

    private static JsonArray? Copy(JsonArray? tools) => (JsonArray?)tools?.DeepClone();
}
