namespace TrainTools.Core.Tokenization;

/// <summary>A token that is looked for in the text before anything else happens to it; flags as in tokenizer.json.</summary>
/// <param name="Content">The text it stands for.</param>
/// <param name="Id">Its id.</param>
public sealed record AddedToken(string Content, int Id)
{
    /// <summary>Whether it is left out when decoding without special tokens.</summary>
    public bool Special { get; init; }

    /// <summary>Whether white space on its left belongs to it.</summary>
    public bool StripLeft { get; init; }

    /// <summary>Whether white space on its right belongs to it.</summary>
    public bool StripRight { get; init; }

    /// <summary>Whether it is found only where it is a word of its own.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Whether it is looked for in the normalized text instead of the text as given.</summary>
    public bool Normalized { get; init; }
}
