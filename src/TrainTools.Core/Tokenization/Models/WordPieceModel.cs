using TrainTools.Core.Tokenization.Loading;

namespace TrainTools.Core.Tokenization.Models;

/// <summary>WordPiece: the longest token that fits, again and again; a word that cannot be covered is unknown as a whole.</summary>
/// <remarks>
/// Microsoft.ML.Tokenizers' BertTokenizer does the same on its own fixed normalization and pre-tokenization; here those
/// come from the file.
/// </remarks>
internal sealed class WordPieceModel : ITokenModel, ITokenWorker
{
    private readonly string _unknownToken;
    private readonly string _prefix;
    private readonly int _maxCharacters;
    private readonly string _file;
    private readonly int _maxLength;

    public WordPieceModel(Vocabulary vocabulary, string unknownToken, string prefix, int maxCharacters, string file)
    {
        Vocabulary = vocabulary;
        _unknownToken = unknownToken;
        _prefix = prefix;
        _maxCharacters = maxCharacters;
        _file = file;
        _maxLength = vocabulary.Entries.Keys.Select(t => t.Length).Append(prefix.Length).Max();
    }

    /// <inheritdoc/>
    public Vocabulary Vocabulary { get; }

    /// <inheritdoc/>
    public ITokenWorker NewWorker() => this;

    /// <inheritdoc/>
    public void Tokenize(ReadOnlySpan<char> word, TokenBuffer tokens)
    {
        var before = tokens.Count;
        if (!TryTokenize(word, tokens))
        {
            tokens.Truncate(before);
            tokens.Add(UnknownId(), 0, word.Length);
        }
    }

    private bool TryTokenize(ReadOnlySpan<char> word, TokenBuffer tokens)
    {
        if (CountCharacters(word) > _maxCharacters)
        {
            return false;
        }

        Span<char> buffer = _maxLength <= 256 ? stackalloc char[256] : new char[_maxLength];
        for (var start = 0; start < word.Length;)
        {
            var prefix = start == 0 ? 0 : _prefix.Length;
            _prefix.AsSpan(0, prefix).CopyTo(buffer);
            var end = Math.Min(word.Length, start + _maxLength - prefix);
            var id = -1;
            while (end > start)
            {
                var piece = word[start..end];
                piece.CopyTo(buffer[prefix..]);
                id = prefix == 0 ? Vocabulary.Find(piece) : Vocabulary.Find(buffer[..(prefix + piece.Length)]);
                if (id >= 0)
                {
                    break;
                }

                end -= end - start > 1 && char.IsLowSurrogate(word[end - 1]) ? 2 : 1;
            }

            if (id < 0)
            {
                return false;
            }

            tokens.Add(id, start, end);
            start = end;
        }

        return true;
    }

    private int UnknownId() => Vocabulary.Find(_unknownToken) is var id and >= 0
        ? id
        : throw TokenizerErrors.TokenMissing(_file, "unknown token", _unknownToken);

    private static int CountCharacters(ReadOnlySpan<char> word)
    {
        var count = 0;
        foreach (var unit in word)
        {
            count += char.IsLowSurrogate(unit) ? 0 : 1;
        }

        return count;
    }
}
