using TrainTools.Core.Tokenization.Loading;

namespace TrainTools.Core.Tokenization;

/// <summary>Shortens one or two encoded texts so that they, and what is put around them, fit a length.</summary>
internal static class Truncation
{
    /// <summary>Shortens in place of the given texts.</summary>
    /// <param name="first">The text.</param>
    /// <param name="second">The second text of a pair, or null.</param>
    /// <param name="limit">Most tokens both may have together.</param>
    /// <param name="options">Strategy and stride.</param>
    /// <param name="side">Where tokens are cut off.</param>
    public static (TokenRows First, TokenRows? Second) Apply(TokenRows first, TokenRows? second, int limit, EncodeOptions options, TokenSide side)
    {
        var total = first.Count + (second?.Count ?? 0);
        var excess = total - limit;
        if (excess <= 0)
        {
            return (first, second);
        }

        if (limit == 0)
        {
            return (Cut(first, 0, options.Stride, side), second is null ? null : Cut(second, 0, options.Stride, side));
        }

        switch (options.TruncationStrategy)
        {
            case TruncationStrategy.LongestFirst when second is null:
                return (Cut(first, limit, options.Stride, side), null);
            case TruncationStrategy.LongestFirst:
                var (keepFirst, keepSecond) = Share(first.Count, second.Count, limit);
                return (Cut(first, keepFirst, options.Stride, side), Cut(second, keepSecond, options.Stride, side));
            case TruncationStrategy.OnlyFirst:
                return (Cut(first, Remaining(first, excess), options.Stride, side), second);
            default:
                if (second is null)
                {
                    throw TokenizerErrors.Input("Truncation is set to shorten the second text only, but there is no second text.");
                }

                return (first, Cut(second, Remaining(second, excess), options.Stride, side));
        }
    }

    private static int Remaining(TokenRows text, int excess) => text.Count > excess
        ? text.Count - excess
        : throw TokenizerErrors.Input(
            $"The text to be shortened has {text.Count} tokens, {excess} too many together with the other text: shortening it alone cannot reach the length.",
            "Raise the length, or let the longer text be shortened first.");

    /// <summary>The shorter text stays whole as long as it leaves room; else both get half.</summary>
    private static (int First, int Second) Share(int first, int second, int limit)
    {
        var swapped = first > second;
        var (shorter, longer) = swapped ? (second, first) : (first, second);
        longer = shorter > limit ? shorter : Math.Max(shorter, limit - shorter);
        if (shorter + longer > limit)
        {
            shorter = limit / 2;
            longer = shorter + (limit % 2);
        }

        return swapped ? (longer, shorter) : (shorter, longer);
    }

    private static TokenRows Cut(TokenRows text, int length, int stride, TokenSide side)
    {
        if (length >= text.Count)
        {
            return text;
        }

        if (length == 0)
        {
            return new TokenRows { Overflowing = [text] };
        }

        if (stride < 0 || stride >= length)
        {
            throw TokenizerErrors.Input(
                $"The stride ({stride}) must be at least 0 and less than the {length} tokens that are left for the text.",
                "Lower the stride or raise the length.");
        }

        var pieces = new List<TokenRows>();
        var step = length - stride;
        if (side == TokenSide.Right)
        {
            for (var start = 0; ; start += step)
            {
                var end = Math.Min(start + length, text.Count);
                pieces.Add(new TokenRows(text.Rows[start..end]));
                if (end == text.Count)
                {
                    break;
                }
            }
        }
        else
        {
            for (var end = text.Count; ; end -= step)
            {
                var start = Math.Max(end - length, 0);
                pieces.Add(new TokenRows(text.Rows[start..end]));
                if (start == 0)
                {
                    break;
                }
            }
        }

        return new TokenRows(pieces[0].Rows) { Overflowing = pieces[1..] };
    }
}
