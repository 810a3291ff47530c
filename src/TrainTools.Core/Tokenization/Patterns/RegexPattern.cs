using System.Text.RegularExpressions;
using TrainTools.Core.Tokenization.Loading;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Patterns;

/// <summary>Matches a regular expression written for Oniguruma.</summary>
internal sealed class RegexPattern : ITextPattern
{
    /// <summary>No honest pattern takes seconds for one match; one that does would never end.</summary>
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(10);

    private readonly Regex _regex;

    /// <summary>Makes a pattern.</summary>
    /// <exception cref="FormatException">The pattern is malformed or uses something unknown.</exception>
    public RegexPattern(string pattern)
    {
        Source = pattern;
        try
        {
            _regex = new Regex(PatternTranslator.Translate(pattern), RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>The pattern as given.</summary>
    public string Source { get; }

    /// <inheritdoc/>
    public void Find(string text, List<Segment> segments)
    {
        var done = 0;
        var from = 0;
        var matched = false;
        while (from <= text.Length && text.Length > 0)
        {
            var match = Match(text, from);
            if (!match.Success)
            {
                break;
            }

            var end = match.Index + match.Length;
            if (match.Length == 0 && end < text.Length && char.IsLowSurrogate(text[end]))
            {
                // .NET sees a place between the two units of a character.
                from = end + 1;
                continue;
            }

            if (match.Length == 0 && matched && end == done)
            {
                // An empty match right behind the last one does not count.
                from = end + (end < text.Length && char.IsHighSurrogate(text[end]) ? 2 : 1);
                continue;
            }

            if (done < match.Index)
            {
                segments.Add(new Segment(done, match.Index, false));
            }

            segments.Add(new Segment(match.Index, end, true));
            (done, from, matched) = (end, end, true);
        }

        if (done < text.Length)
        {
            segments.Add(new Segment(done, text.Length, false));
        }
    }

    private Match Match(string text, int from)
    {
        try
        {
            return _regex.Match(text, from);
        }
        catch (RegexMatchTimeoutException)
        {
            throw TokenizerErrors.Input(
                $"The tokenizer's pattern '{Source}' takes more than {MatchTimeout.TotalSeconds:0} seconds on one match.",
                "The pattern backtracks without end on this text: use the tokenizer of the original model.");
        }
    }
}
