using TrainTools.Core.Tokenization.Loading;

namespace TrainTools.Core.Tokenization;

/// <summary>Shortens one or two encoded texts so that they, and what is put around them, fit a length.</summary>
internal static class Truncation
{
    /// <summary>Shortens one or two texts.</summary>
    /// <param name="first">The text.</param>
    /// <param name="second">The second text of a pair, or null.</param>
    /// <param name="limit">Most tokens both may have together.</param>
    /// <param name="options">Length, strategy and stride.</param>
    /// <param name="side">Where tokens are cut off.</param>
    public static (TokenRows First, TokenRows? Second) Apply(TokenRows first, TokenRows? second, int limit, EncodeOptions options, TokenSide side)
    {
        // The library stops encoding a text once it has enough tokens, at the end of a word, and goes by the lengths it
        // then has. They decide here as well; but what is cut off is kept whole, for those who want it as further pieces.
        var firstLength = options.TruncationStrategy == TruncationStrategy.OnlySecond ? first.Count : Enough(first, options.MaxLength!.Value, side);
        var secondLength = second is null ? 0 : Enough(second, options.MaxLength!.Value, side);
        var excess = firstLength + secondLength - limit;
        if (limit == 0)
        {
            (firstLength, secondLength) = (0, 0);
        }
        else if (excess > 0)
        {
            switch (options.TruncationStrategy)
            {
                case TruncationStrategy.LongestFirst when second is null:
                    firstLength = limit;
                    break;
                case TruncationStrategy.LongestFirst:
                    (firstLength, secondLength) = Share(firstLength, secondLength, limit);
                    break;
                case TruncationStrategy.OnlyFirst:
                    firstLength = Remaining(firstLength, excess);
                    break;
                default:
                    secondLength = second is not null
                        ? Remaining(secondLength, excess)
                        : throw TokenizerErrors.Input("Truncation is set to shorten the second text only, but there is no second text.");
                    break;
            }
        }

        return (Cut(first, firstLength, options.Stride, side), second is null ? null : Cut(second, secondLength, options.Stride, side));
    }

    /// <summary>Tokens up to the end of the word in which the length is reached, from the side that is kept.</summary>
    private static int Enough(TokenRows text, int length, TokenSide side)
    {
        var rows = text.Rows;
        for (var count = Math.Max(length, 1); count < rows.Count; count++)
        {
            var (inside, outside) = side == TokenSide.Right ? (count - 1, count) : (rows.Count - count, rows.Count - count - 1);
            if (rows[inside].Word != rows[outside].Word)
            {
                return count;
            }
        }

        return rows.Count;
    }

    private static int Remaining(int length, int excess) => length > excess
        ? length - excess
        : throw TokenizerErrors.Input(
            $"The text to be shortened has {length} tokens, but {excess} must go: shortening it alone cannot reach the length.",
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
