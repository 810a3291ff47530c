namespace TrainTools.Core.Tokenization.Text;

/// <summary>A stretch of a text that matches a pattern, or that lies between matches.</summary>
/// <param name="Start">First unit.</param>
/// <param name="End">One past the last unit.</param>
/// <param name="IsMatch">Whether the pattern matched here.</param>
internal readonly record struct Segment(int Start, int End, bool IsMatch);

/// <summary>What cuts a text: finds matches and reports them, and what lies between them, from left to right without gaps.</summary>
internal interface ITextPattern
{
    /// <summary>Adds the segments of <paramref name="text"/> to <paramref name="segments"/>.</summary>
    void Find(string text, List<Segment> segments);
}

/// <summary>What becomes of the delimiters when a text is cut; the names are tokenizer.json's.</summary>
internal enum SplitBehavior
{
    /// <summary>Delimiters are dropped.</summary>
    Removed,

    /// <summary>Each delimiter is a part of its own.</summary>
    Isolated,

    /// <summary>A delimiter ends the part before it.</summary>
    MergedWithPrevious,

    /// <summary>A delimiter begins the part after it.</summary>
    MergedWithNext,

    /// <summary>Neighbouring delimiters are one part.</summary>
    Contiguous,
}

/// <summary>Cuts texts at the matches of a pattern.</summary>
internal static class TextCutter
{
    /// <summary>Cuts <paramref name="text"/> and adds the parts to <paramref name="parts"/>.</summary>
    public static void Cut(NormalizedText text, ITextPattern pattern, SplitBehavior behavior, bool invert, List<TextPart> parts)
    {
        var segments = new List<Segment>();
        pattern.Find(text.Value, segments);
        if (invert)
        {
            for (var i = 0; i < segments.Count; i++)
            {
                segments[i] = segments[i] with { IsMatch = !segments[i].IsMatch };
            }
        }

        foreach (var segment in Arrange(segments, behavior))
        {
            parts.Add(new TextPart(text.Slice(segment.Start, segment.End)));
        }
    }

    private static List<Segment> Arrange(List<Segment> segments, SplitBehavior behavior)
    {
        switch (behavior)
        {
            case SplitBehavior.Isolated:
                return segments;
            case SplitBehavior.Removed:
                segments.RemoveAll(s => s.IsMatch);
                return segments;
            case SplitBehavior.Contiguous:
                return Join(segments, (isMatch, previous) => isMatch == previous);
            case SplitBehavior.MergedWithPrevious:
                return Join(segments, (isMatch, previous) => isMatch && !previous);
            default:
                segments.Reverse();
                var joined = Join(segments, (isMatch, previous) => isMatch && !previous);
                joined.Reverse();
                return joined;
        }
    }

    /// <summary>Joins a segment with its predecessor (in list order) where <paramref name="joins"/> says so.</summary>
    private static List<Segment> Join(List<Segment> segments, Func<bool, bool, bool> joins)
    {
        var result = new List<Segment>(segments.Count);
        var previous = false;
        foreach (var segment in segments)
        {
            if (joins(segment.IsMatch, previous) && result.Count > 0)
            {
                var last = result[^1];
                result[^1] = last with { Start = Math.Min(last.Start, segment.Start), End = Math.Max(last.End, segment.End) };
            }
            else
            {
                result.Add(segment with { IsMatch = false });
            }

            previous = segment.IsMatch;
        }

        return result;
    }
}
