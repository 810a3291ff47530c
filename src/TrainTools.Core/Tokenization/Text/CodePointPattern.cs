using System.Text;

namespace TrainTools.Core.Tokenization.Text;

/// <summary>Matches every single character that satisfies a condition.</summary>
internal sealed class CodePointPattern(Func<int, bool> condition) : ITextPattern
{
    /// <summary>Punctuation as BERT has it: all ASCII that is neither letter, digit, space nor control, and Unicode's.</summary>
    public static CodePointPattern Punctuation { get; } = new(c => c < 0x80
        ? c is (>= '!' and <= '/') or (>= ':' and <= '@') or (>= '[' and <= '`') or (>= '{' and <= '~')
        : UnicodeTables.Punctuation.Contains(c));

    public void Find(string text, List<Segment> segments)
    {
        var done = 0;
        for (var at = 0; at < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var width);
            if (condition(rune.Value))
            {
                if (done < at)
                {
                    segments.Add(new Segment(done, at, false));
                }

                done = at + width;
                segments.Add(new Segment(at, done, true));
            }

            at += width;
        }

        if (done < text.Length)
        {
            segments.Add(new Segment(done, text.Length, false));
        }
    }
}

/// <summary>Matches runs of word characters, and runs of what is neither word character nor white space: \w+|[^\w\s]+.</summary>
internal sealed class WordsPattern : ITextPattern
{
    private enum Kind
    {
        Space,
        Word,
        Other,
    }

    public void Find(string text, List<Segment> segments)
    {
        var start = 0;
        var last = Kind.Space;
        for (var at = 0; at < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var width);
            var kind = CodePoints.IsWord(rune.Value) ? Kind.Word : CodePoints.IsWhiteSpace(rune.Value) ? Kind.Space : Kind.Other;
            if (kind != last && at > start)
            {
                segments.Add(new Segment(start, at, last != Kind.Space));
                start = at;
            }

            last = kind;
            at += width;
        }

        if (start < text.Length)
        {
            segments.Add(new Segment(start, text.Length, last != Kind.Space));
        }
    }
}
