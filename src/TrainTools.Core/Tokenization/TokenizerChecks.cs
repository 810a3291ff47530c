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
        var named = string.Join(", ", outside.Take(5).Select(id => $"'{tokenizer.IdToToken(id)}' ({id})"));
        throw new TrainToolsException(
            ErrorIds.TokenizerVocabularyTooLarge,
            ErrorKind.InvalidData,
            $"{outside.Count} tokens of the tokenizer have no row in the model's embedding, which has {rows}: {named}{(outside.Count > 5 ? ", …" : "")}.",
            "Use the tokenizer the model was trained with. If its configuration names a token the vocabulary lacks (often pad_token), name one it has, such as the end-of-text token.",
            (tokenizer as PretrainedTokenizer)?.Folder);
    }
}
