using TrainTools.Core.Errors;

namespace TrainTools.Core.Tokenization;

/// <summary>How a vocabulary fits an embedding.</summary>
/// <param name="VocabularySize">Largest token id plus one.</param>
/// <param name="EmbeddingRows">Rows of the embedding.</param>
public sealed record EmbeddingFit(int VocabularySize, int EmbeddingRows)
{
    /// <summary>Rows no token uses; many models round their embedding up.</summary>
    public int UnusedRows => EmbeddingRows - VocabularySize;
}

/// <summary>Checks of a tokenizer against the model it is to feed.</summary>
public static class TokenizerChecks
{
    /// <summary>Checks that every token has a row in the embedding.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="rows">Rows of the embedding (vocab_size of the model).</param>
    /// <returns>How they fit; unused rows are no error.</returns>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.TokenizerVocabularyTooLarge"/>: some tokens have no row.</exception>
    public static EmbeddingFit AgainstEmbedding(ITextTokenizer tokenizer, int rows)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (tokenizer.VocabularySize <= rows)
        {
            return new EmbeddingFit(tokenizer.VocabularySize, rows);
        }

        var outside = Enumerable.Range(rows, tokenizer.VocabularySize - rows).Where(id => tokenizer.IdToToken(id) is not null).ToList();
        throw Outside(tokenizer, outside, rows);
    }

    /// <summary>Checks that every token of a text has a row in the embedding.</summary>
    /// <param name="tokenizer">The tokenizer the ids come from.</param>
    /// <param name="ids">The text's tokens.</param>
    /// <param name="rows">Rows of the embedding.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.TokenizerVocabularyTooLarge"/>: some have none.</exception>
    public static void IdsAgainstEmbedding(ITextTokenizer tokenizer, IEnumerable<int> ids, int rows)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var outside = ids.Where(id => id >= rows).Distinct().ToList();
        if (outside.Count > 0)
        {
            throw Outside(tokenizer, outside, rows);
        }
    }

    private static TrainToolsException Outside(ITextTokenizer tokenizer, List<int> ids, int rows)
    {
        var named = string.Join(", ", ids.Take(5).Select(id => $"'{tokenizer.IdToToken(id)}' ({id})"));
        return new TrainToolsException(
            ErrorIds.TokenizerVocabularyTooLarge,
            ErrorKind.InvalidData,
            $"The model's embedding has {rows} rows, and {(ids.Count == 1 ? "1 token of the tokenizer has" : $"{ids.Count} tokens of the tokenizer have")} none: {named}{(ids.Count > 5 ? ", …" : "")}.",
            "Use the tokenizer the model was trained with. If its configuration names a token the vocabulary lacks (often pad_token), name one it has, such as the end-of-text token.",
            (tokenizer as PretrainedTokenizer)?.Folder);
    }
}
