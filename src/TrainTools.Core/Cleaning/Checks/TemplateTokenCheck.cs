using System.Buffers;
using System.Text.RegularExpressions;

using TrainTools.Core.Cleaning.Records;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>Tokens of chat templates inside texts (they would end turns where none ends), and turns that begin inside answers.</summary>
internal sealed partial class TemplateTokenCheck : IRecordCheck
{
    private static readonly string[] Known =
    [
        "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>",
        "<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<start_of_turn>", "<end_of_turn>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<|endofprompt|>",
        "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<｜User｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>", "[AVAILABLE_TOOLS]", "[TOOL_CALLS]",
    ];

    private readonly SearchValues<string> _tokens;

    /// <summary>Makes the check.</summary>
    /// <param name="special">Special tokens of the model in use, beside the known ones.</param>
    public TemplateTokenCheck(IEnumerable<string> special) =>
        _tokens = SearchValues.Create([.. Known.Concat(special.Where(t => t.Length >= 4)).Distinct()], StringComparison.Ordinal);

    public void Check(RecordView view, FindingSink sink)
    {
        var tokens = 0;
        string? first = null;
        var markers = 0;
        foreach (var part in view.Parts)
        {
            var text = part.Text.AsSpan();
            for (var at = text.IndexOfAny(_tokens); at >= 0; at = text.IndexOfAny(_tokens))
            {
                tokens++;
                text = text[at..];
                first ??= text[..Math.Min(24, text.IndexOfAny('>', ']') is var end and > 0 ? end + 1 : 24)].ToString();
                text = text[1..];
            }

            markers += part.IsAnswer && part.Role != "text" ? RoleMarkers(part.Text) : 0;
        }

        if (tokens > 0)
        {
            sink.Add(CleaningRules.SpecialToken, tokens, first);
        }

        if (markers > 0)
        {
            sink.Add(CleaningRules.RoleMarker, markers);
        }
    }

    private static int RoleMarkers(string text) =>
        text.Contains("###", StringComparison.Ordinal) || text.Contains("\n\nHuman:", StringComparison.Ordinal)
            ? Marker().Count(text)
            : 0;

    [GeneratedRegex(@"^###\s*(?:Instruction|Response|Input|Human|User|Assistant)\s*:|(?<=\n\n)Human:", RegexOptions.Multiline)]
    private static partial Regex Marker();
}
