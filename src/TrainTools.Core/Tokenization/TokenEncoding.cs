namespace TrainTools.Core.Tokenization;

/// <summary>Everything known about an encoded text. All arrays have one entry per token.</summary>
public sealed class TokenEncoding
{
    internal TokenEncoding(IReadOnlyList<TokenRow> rows, IReadOnlyList<TokenEncoding> overflowing, Func<int, string?> tokenOf)
    {
        Ids = Select(rows, r => r.Id);
        TypeIds = Select(rows, r => r.TypeId);
        Tokens = Select(rows, r => tokenOf(r.Id) ?? r.Text);
        WordIds = Select(rows, r => r.Word);
        Offsets = Select(rows, r => (r.Start, r.End));
        SpecialTokensMask = Select(rows, r => r.Special ? 1 : 0);
        AttentionMask = Select(rows, r => r.Padding ? 0 : 1);
        SequenceIds = Select(rows, r => r.Sequence);
        Overflowing = overflowing;
    }

    /// <summary>Token ids.</summary>
    public int[] Ids { get; }

    /// <summary>Segment ids (token_type_ids): 0 for the first text, 1 for the second where the model tells them apart.</summary>
    public int[] TypeIds { get; }

    /// <summary>The tokens as they stand in the vocabulary.</summary>
    public string[] Tokens { get; }

    /// <summary>Index of the word (of the given words, or of those the pre-tokenizer made) a token belongs to; null for tokens that were added around the text.</summary>
    public int?[] WordIds { get; }

    /// <summary>Where the token stands in the text: first code point and one past the last. (0, 0) for tokens that were added around the text.</summary>
    public (int Start, int End)[] Offsets { get; }

    /// <summary>1 for tokens that were added around the text, 0 for the text's own.</summary>
    public int[] SpecialTokensMask { get; }

    /// <summary>0 for padding, 1 for everything else.</summary>
    public int[] AttentionMask { get; }

    /// <summary>0 or 1: the text a token belongs to; null for tokens that were added around the texts.</summary>
    public int?[] SequenceIds { get; }

    /// <summary>What truncation cut off, in pieces of the same length.</summary>
    public IReadOnlyList<TokenEncoding> Overflowing { get; }

    /// <summary>Number of tokens.</summary>
    public int Count => Ids.Length;

    private static T[] Select<T>(IReadOnlyList<TokenRow> rows, Func<TokenRow, T> select)
    {
        var values = new T[rows.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = select(rows[i]);
        }

        return values;
    }
}

/// <summary>One token on its way into a <see cref="TokenEncoding"/>.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">The token; for added tokens the stretch of text that was matched, white space and all.</param>
internal readonly record struct TokenRow(int Id, string Text)
{
    public int Start { get; init; }

    public int End { get; init; }

    public int? Word { get; init; }

    public int TypeId { get; init; }

    public int? Sequence { get; init; }

    /// <summary>Added by a post-processor, or padding.</summary>
    public bool Special { get; init; }

    public bool Padding { get; init; }
}

/// <summary>An encoded text while it is truncated, post-processed and padded.</summary>
internal sealed class TokenRows
{
    public TokenRows()
        : this([])
    {
    }

    public TokenRows(List<TokenRow> rows)
    {
        Rows = rows;
    }

    public List<TokenRow> Rows { get; }

    /// <summary>What truncation cut off.</summary>
    public List<TokenRows> Overflowing { get; init; } = [];

    public int Count => Rows.Count;

    public TokenEncoding ToEncoding(Func<int, string?> tokenOf) => new(Rows, [.. Overflowing.Select(o => o.ToEncoding(tokenOf))], tokenOf);

    /// <summary>Applies a change to every token, and to what was cut off.</summary>
    public void ChangeAll(Func<int, TokenRow, TokenRow> change)
    {
        for (var i = 0; i < Rows.Count; i++)
        {
            Rows[i] = change(i, Rows[i]);
        }

        foreach (var rest in Overflowing)
        {
            rest.ChangeAll(change);
        }
    }

    /// <summary>Appends another encoding; pieces that were cut off combine each with each.</summary>
    public TokenRows Join(TokenRows other)
    {
        var overflowing = new List<TokenRows>();
        foreach (var mine in Overflowing)
        {
            overflowing.Add(mine.Join(new TokenRows(other.Rows)));
            overflowing.AddRange(other.Overflowing.Select(theirs => mine.Join(theirs)));
        }

        overflowing.AddRange(other.Overflowing.Select(theirs => new TokenRows(Rows).Join(theirs)));
        return new TokenRows([.. Rows, .. other.Rows]) { Overflowing = overflowing };
    }
}
