using System.Globalization;
using System.Text;

namespace TrainTools.Core.Configuration;

/// <summary>Texts as YAML scalars.</summary>
internal static class YamlText
{
    private static readonly HashSet<string> Words = new(StringComparer.OrdinalIgnoreCase) { "null", "true", "false", "yes", "no", "on", "off", "y", "n" };

    /// <summary>Whether a character can stand in a YAML stream as it is, on one line.</summary>
    public static bool IsPrintable(char c) =>
        c is >= ' ' and <= '~' or >= '\u00a0' and not ('\u2028' or '\u2029' or '\ufeff' or '\ufffe' or '\uffff');

    /// <summary>A text as a plain scalar where every reader takes it for that text, else in double quotes.</summary>
    public static string Quote(string text)
    {
        if (IsPlain(text))
        {
            return text;
        }

        var quoted = new StringBuilder(text.Length + 8).Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append(@"\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                _ when IsPrintable(c) => quoted.Append(c),
                _ => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
            };
        }

        return quoted.Append('"').ToString();
    }

    private static bool IsPlain(string text) =>
        text.Length > 0
        && (char.IsAsciiLetter(text[0]) || text[0] is '_' or '/' or '.')
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/' or '+')
        && text.Any(char.IsAsciiLetter)
        && !Words.Contains(text)
        && !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
        && !text.StartsWith("...", StringComparison.Ordinal)
        && !(text[0] == '.' && text.Length <= 5 && !text.Contains('/', StringComparison.Ordinal));
}
