using System.Buffers;
using System.Text.RegularExpressions;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>The result that a worked answer ends in, in the forms that data sets of exercises use.</summary>
internal static partial class FinalAnswer
{
    private static readonly SearchValues<string> Signs = SearchValues.Create(["answer", "\\boxed{"], StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a line may hold a final answer: spares most lines the closer look.</summary>
    public static bool IsPossible(ReadOnlySpan<char> line) => line.StartsWith("###") || line.ContainsAny(Signs);

    /// <summary>The result without blanks and thousands separators; null if the answer does not end in one of the forms.</summary>
    public static string? Of(string answer)
    {
        var text = answer.AsSpan().TrimEnd();
        var line = text[(text.LastIndexOf('\n') + 1)..];
        if (!IsPossible(line))
        {
            return null;
        }

        var match = Form().Match(line.ToString());
        return match.Success ? match.Groups["answer"].Value.Replace(",", "", StringComparison.Ordinal).Trim('$', ' ', '.').ToLowerInvariant() : null;
    }

    [GeneratedRegex(@"^#{4}\s*(?<answer>\S.{0,60})$|\\boxed\{(?<answer>[^{}]{1,60})\}|\banswer(?:\s+is)?\s*:?\s+(?<answer>\(?[A-E]\)?|[-$]?\d[\d,.]*|yes|no|true|false)\.?\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex Form();
}
