using System.Text;

namespace TrainTools.Core.Tokenization.Models;

/// <summary>Byte-pair encoding on one thread: remembers the words it has seen.</summary>
internal sealed class BpeWorker : ITokenWorker
{
    /// <summary>Words remembered at most; text beyond that many different words is merged anew each time.</summary>
    private const int CacheLimit = 1 << 16;

    /// <summary>Longer words are not worth remembering: they hardly ever come back.</summary>
    private const int CachedWordLimit = 128;

    private readonly BpeModel _model;
    private readonly SymbolMerger _merger = new();
    private readonly Dictionary<string, CachedWord>.AlternateLookup<ReadOnlySpan<char>> _words = NewCache();
    private readonly Dictionary<string, CachedWord>.AlternateLookup<ReadOnlySpan<char>> _byteWords = NewCache();
    private byte[] _bytes = new byte[512];

    public BpeWorker(BpeModel model)
    {
        _model = model;
    }

    /// <inheritdoc/>
    public void Tokenize(ReadOnlySpan<char> word, TokenBuffer tokens)
    {
        for (var start = 0; start < word.Length;)
        {
            var end = _model.NextCut(word, start);
            Lookup(word[start..end]).CopyTo(tokens, start);
            start = end;
        }
    }

    /// <summary>The tokens of a word that has not been through the byte alphabet, as if it had.</summary>
    public CachedWord TokenizeBytes(ReadOnlySpan<char> word)
    {
        if (_byteWords.TryGetValue(word, out var known))
        {
            return known;
        }

        var size = Encoding.UTF8.GetMaxByteCount(word.Length);
        if (_bytes.Length < size)
        {
            _bytes = new byte[size];
        }

        return Remember(_byteWords.Dictionary, word, _model.EncodeBytes(word, _merger, _bytes));
    }

    private static Dictionary<string, CachedWord>.AlternateLookup<ReadOnlySpan<char>> NewCache() =>
        new Dictionary<string, CachedWord>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private static CachedWord Remember(Dictionary<string, CachedWord> cache, ReadOnlySpan<char> word, CachedWord tokens)
    {
        if (cache.Count < CacheLimit && word.Length <= CachedWordLimit)
        {
            cache[word.ToString()] = tokens;
        }

        return tokens;
    }

    private CachedWord Lookup(ReadOnlySpan<char> word) =>
        _words.TryGetValue(word, out var known) ? known : Remember(_words.Dictionary, word, _model.Encode(word, _merger));
}
