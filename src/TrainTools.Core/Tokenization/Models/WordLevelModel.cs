using TrainTools.Core.Tokenization.Loading;

namespace TrainTools.Core.Tokenization.Models;

/// <summary>A list of words: each is one token or unknown.</summary>
internal sealed class WordLevelModel(Vocabulary vocabulary, string unknownToken, string file) : ITokenModel, ITokenWorker
{
    /// <inheritdoc/>
    public Vocabulary Vocabulary { get; } = vocabulary;

    /// <inheritdoc/>
    public ITokenWorker NewWorker() => this;

    /// <inheritdoc/>
    public void Tokenize(ReadOnlySpan<char> word, TokenBuffer tokens)
    {
        var id = Vocabulary.Find(word);
        if (id < 0)
        {
            id = Vocabulary.Find(unknownToken);
        }

        if (id < 0)
        {
            throw TokenizerErrors.TokenMissing(file, "unknown token", unknownToken);
        }

        tokens.Add(id, 0, word.Length);
    }
}
