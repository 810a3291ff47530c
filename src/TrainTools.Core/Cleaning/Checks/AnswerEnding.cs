using System.Buffers;
using System.Text.RegularExpressions;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>How an answer ends.</summary>
internal enum EndingKind : byte
{
    /// <summary>No answer, or one too short to tell.</summary>
    Unknown,

    /// <summary>A final answer in a fixed form (#### 72, \boxed{72}).</summary>
    FinalAnswer,

    /// <summary>Terminal punctuation.</summary>
    Terminal,

    /// <summary>A closed code block, a list item, a heading, a link, a line of its own.</summary>
    Layout,

    /// <summary>A word or number without punctuation.</summary>
    Open,

    /// <summary>A sure sign of a cut: a comma, an open bracket or code fence, a word that cannot stand last.</summary>
    Cut,
}

/// <summary>How an answer ends, and among which answers that is to be judged.</summary>
/// <param name="Kind">How it ends.</param>
/// <param name="IsProse">Whether a sentence has ended on its last line before: running text, whose last sentence ends too.</param>
internal readonly record struct AnswerEnd(EndingKind Kind, bool IsProse);

/// <summary>Tells how answers end, to find those that stop in the middle.</summary>
internal static partial class AnswerEnding
{
    private const int LeastWords = 8;

    private static readonly SearchValues<char> Closers = SearchValues.Create("\"'”’»)]}*_`~。！？…」』】）");

    private static readonly HashSet<string> Dangling = new(StringComparer.OrdinalIgnoreCase)
    {
        "a", "an", "the", "and", "or", "nor", "but", "of", "to", "in", "for", "with", "by", "from", "at", "into", "onto", "upon", "than", "that", "which", "whose",
        "because", "although", "while", "if", "as", "is", "are", "was", "were", "be", "been", "has", "have", "had", "will", "would", "can", "could", "should", "may",
        "might", "must", "my", "your", "his", "their", "our", "its", "this", "these", "those", "such", "very", "not", "i", "we", "they", "he", "she", "who", "whether", "during", "without", "within", "among", "toward", "towards", "per", "every", "also", "between", "including", "i'm", "it's", "don't",
        "der", "die", "das", "und", "oder", "le", "la", "les", "et", "el", "los", "las", "y", "de", "du", "des", "del", "que",
    };

    /// <summary>How an answer ends; nothing is known of none.</summary>
    public static AnswerEnd Of(string? answer)
    {
        if (answer is null)
        {
            return default;
        }

        var text = answer.AsSpan().TrimEnd();
        if (text.Count("```") % 2 == 1)
        {
            return new AnswerEnd(EndingKind.Cut, false);
        }

        if (Words(text, LeastWords) < LeastWords)
        {
            return default;
        }

        var line = text[(text.LastIndexOf('\n') + 1)..].Trim();
        if (Checks.FinalAnswer.IsPossible(line) && FinalAnswer().IsMatch(line))
        {
            return new AnswerEnd(EndingKind.FinalAnswer, false);
        }

        return new AnswerEnd(Last(text, line), IsProse(line));
    }

    private static EndingKind Last(ReadOnlySpan<char> text, ReadOnlySpan<char> line)
    {
        var last = text[^1];
        if (last is ',' or '(' or '[' or '{' or '“' or '‘' or '«' or '&' or '=' or '+' or '\\' or '、' or '，')
        {
            return EndingKind.Cut;
        }

        var core = text.TrimEnd("\"'”’»)]}*_`~ \n\r\t");
        if (core.IsEmpty || core[^1] is '.' or '!' or '?' or '…' or '。' or '！' or '？' or '؟' or '।' or ';' or ':' or '♪' || char.IsSurrogate(core[^1]))
        {
            return core.Length > 0 && core[^1] is ':' or ';' && core.Length == text.Length && !IsLayout(line) ? EndingKind.Open : EndingKind.Terminal;
        }

        if (Closers.Contains(last))
        {
            return EndingKind.Layout;
        }

        var word = line[(line.LastIndexOfAny(' ', '\t') + 1)..];
        if (word.Length > 0 && Dangling.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word) && line.Contains(' '))
        {
            return EndingKind.Cut;
        }

        return IsLayout(line) ? EndingKind.Layout : EndingKind.Open;
    }

    /// <summary>Whether a word before the line's last ends a sentence: a full stop behind two letters, then a capital.</summary>
    private static bool IsProse(ReadOnlySpan<char> line)
    {
        for (var i = 3; i + 2 < line.Length; i++)
        {
            if (line[i] is '.' or '!' or '?' && line[i + 1] == ' ' && char.IsUpper(line[i + 2]) && char.IsLower(line[i - 1]) && char.IsLetter(line[i - 2]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Lines that end without punctuation by custom: list items, headings, table rows, short lines, links.</summary>
    private static bool IsLayout(ReadOnlySpan<char> line) => LayoutLine().IsMatch(line) || (line.Length < 40 && Words(line, 6) <= 5);

    /// <summary>Words of a text, counted no further than to <paramref name="enough"/>.</summary>
    private static int Words(ReadOnlySpan<char> text, int enough)
    {
        var words = 0;
        var inWord = false;
        foreach (var c in text)
        {
            var space = char.IsWhiteSpace(c);
            words += !space && !inWord ? 1 : 0;
            inWord = !space;
            if (c >= '\u3040' && c <= '\u9fff')
            {
                words++;
            }

            if (words >= enough)
            {
                break;
            }
        }

        return words;
    }

    [GeneratedRegex(@"^#{3,}\s*\S+$|\\boxed\{[^}]*\}[.$]*$|^(?:the )?(?:final )?answer(?: is)?\s*:?\s*\S+$", RegexOptions.IgnoreCase)]
    private static partial Regex FinalAnswer();

    [GeneratedRegex(@"^(?:[-*•·–▪◦+>|]|\d{1,3}[.)\]:]|\(?[a-zA-Z0-9][.)]\s|#{1,6}\s|\|)|\|$|(?:https?://|www\.)\S+$|^\w[\w .]{0,30}:")]
    private static partial Regex LayoutLine();
}
