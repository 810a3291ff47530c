using System.Text.RegularExpressions;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>The result that a worked answer ends in, in the forms that data sets of exercises use.</summary>
internal static partial class FinalAnswer
{
    /// <summary>The result without blanks and thousands separators; null if the answer does not end in one of the forms.</summary>
    public static string? Of(string answer)
    {
        var text = answer.AsSpan().TrimEnd();
        var line = text[(text.LastIndexOf('\n') + 1)..];
        if (!line.StartsWith("####") && !line.Contains("\\boxed{", StringComparison.Ordinal) && !line.Contains("answer", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var match = Form().Match(line.ToString());
        return match.Success ? match.Groups["answer"].Value.Replace(",", "", StringComparison.Ordinal).Trim('$', ' ', '.').ToLowerInvariant() : null;
    }

    [GeneratedRegex(@"^#{4}\s*(?<answer>\S.{0,60})$|\\boxed\{(?<answer>[^{}]{1,60})\}|\banswer(?:\s+is)?\s*:?\s+(?<answer>\(?[A-E]\)?|[-$]?\d[\d,.]*|yes|no|true|false)\.?\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex Form();
}
