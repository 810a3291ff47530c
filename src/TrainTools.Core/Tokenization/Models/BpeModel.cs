using System.Text;
using TrainTools.Core.Tokenization.Loading;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Models;

/// <summary>Settings of a byte-pair encoding, named as in tokenizer.json.</summary>
internal sealed record BpeOptions
{
    /// <summary>Token for characters the vocabulary lacks; null: they vanish, as in the library.</summary>
    public string? UnknownToken { get; init; }

    /// <summary>Put before every symbol but a word's first.</summary>
    public string ContinuingSubwordPrefix { get; init; } = "";

    /// <summary>Put after a word's last symbol.</summary>
    public string EndOfWordSuffix { get; init; } = "";

    /// <summary>Whether neighbouring unknown characters are one token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Whether an unknown character becomes its UTF-8 bytes ("&lt;0xE2&gt;" …).</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a word that is in the vocabulary is that token, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }
}

/// <summary>Byte-pair encoding.</summary>
/// <remarks>
/// Microsoft.ML.Tokenizers has byte-pair encoders (BpeTokenizer, CodeGenTokenizer, LlamaTokenizer), but none takes a
/// tokenizer.json as it is: ignore_merges, byte fallback beside fused unknown tokens, the order of added tokens and
/// offsets through a normalizer cannot be expressed, so this is our own. Merging follows the Hugging Face library
/// (models/bpe). Its dropout is a means of training tokenizers; here encoding is always deterministic.
/// </remarks>
internal sealed class BpeModel : ITokenModel
{
    private const char Metaspace = '▁';

    private readonly string _file;
    private readonly BpeOptions _options;
    private readonly MergeTable _merges;
    private readonly int _unknownId;
    private readonly int[] _fallbackIds = new int[256];
    private readonly int[] _byteIds = new int[256];
    private readonly bool _plainSymbols;

    /// <summary>Makes the model.</summary>
    /// <param name="vocabulary">Tokens and ids.</param>
    /// <param name="merges">The rules in order of rank.</param>
    /// <param name="options">Settings.</param>
    /// <param name="file">The file it comes from, for errors.</param>
    public BpeModel(Vocabulary vocabulary, IReadOnlyList<(string Left, string Right)> merges, BpeOptions options, string file)
    {
        Vocabulary = vocabulary;
        _options = options;
        _file = file;
        _plainSymbols = options.ContinuingSubwordPrefix.Length == 0 && options.EndOfWordSuffix.Length == 0;
        _unknownId = options.UnknownToken is null ? -1 : vocabulary.Find(options.UnknownToken);
        for (var value = 0; value < 256; value++)
        {
            _fallbackIds[value] = vocabulary.Find($"<0x{value:X2}>");
            _byteIds[value] = vocabulary.Find([ByteAlphabet.CharacterOf((byte)value)]);
        }

        _merges = BuildMerges(merges, out var crossesMetaspace);
        CutsAtMetaspace = !crossesMetaspace && _plainSymbols && !options.IgnoreMerges && options.UnknownToken is not null && vocabulary.Find([Metaspace]) >= 0;
        EncodesBytes = _plainSymbols && !_byteIds.Contains(-1);
    }

    /// <inheritdoc/>
    public Vocabulary Vocabulary { get; }

    /// <summary>Whether every byte has a symbol of GPT-2's alphabet, so that <see cref="EncodeBytes"/> can be used.</summary>
    public bool EncodesBytes { get; }

    /// <summary>
    /// Whether no rule joins something with a "▁" after it. Then a text without pre-tokenizer can be cut before each
    /// "▁" that follows something else without changing a single token, and the pieces can be cached. (Without an unknown
    /// token, characters that vanish shift the offsets of all behind them, so the text must stay whole.)
    /// </summary>
    private bool CutsAtMetaspace { get; }

    /// <inheritdoc/>
    public ITokenWorker NewWorker() => new BpeWorker(this);

    /// <summary>Tokenizes a word by symbols and merges.</summary>
    public CachedWord Encode(ReadOnlySpan<char> word, SymbolMerger merger)
    {
        if (_options.IgnoreMerges && Vocabulary.Find(word) is var whole and >= 0)
        {
            return new CachedWord([whole], [0], [word.Length]);
        }

        merger.Clear();
        AddSymbols(word, merger);
        merger.Merge(_merges);
        return CachedWord.From(merger, word);
    }

    /// <summary>Tokenizes a word that has not been through the byte alphabet as if it had. Offsets are in units of this word.</summary>
    /// <param name="word">The word.</param>
    /// <param name="merger">Scratch space.</param>
    /// <param name="bytes">Scratch space for the word's UTF-8.</param>
    public CachedWord EncodeBytes(ReadOnlySpan<char> word, SymbolMerger merger, Span<byte> bytes)
    {
        bytes = bytes[..Encoding.UTF8.GetBytes(word, bytes)];
        if (_options.IgnoreMerges)
        {
            var mapped = new char[bytes.Length];
            for (var i = 0; i < bytes.Length; i++)
            {
                mapped[i] = ByteAlphabet.CharacterOf(bytes[i]);
            }

            if (Vocabulary.Find(mapped) is var whole and >= 0)
            {
                return new CachedWord([whole], [0], [word.Length]);
            }
        }

        merger.Clear();
        foreach (var value in bytes)
        {
            merger.Add(_byteIds[value], 1);
        }

        merger.Merge(_merges);
        return CachedWord.From(merger, word);
    }

    /// <summary>Where the piece of <paramref name="word"/> that begins at <paramref name="start"/> ends.</summary>
    public int NextCut(ReadOnlySpan<char> word, int start)
    {
        if (!CutsAtMetaspace)
        {
            return word.Length;
        }

        var at = start;
        while (at < word.Length && word[at] == Metaspace)
        {
            at++;
        }

        var found = word[at..].IndexOf(Metaspace);
        return found < 0 ? word.Length : at + found;
    }

    /// <summary>The word's characters as symbols; lengths are UTF-8 bytes. Unknown ones are treated as the library treats them.</summary>
    private void AddSymbols(ReadOnlySpan<char> word, SymbolMerger merger)
    {
        Span<byte> utf8 = stackalloc byte[4];
        var unknownLength = 0;
        for (var at = 0; at < word.Length;)
        {
            Rune.DecodeFromUtf16(word[at..], out var rune, out var width);
            var byteLength = rune.EncodeToUtf8(utf8);
            var symbol = word.Slice(at, width);
            string? affixed = null;
            if (!_plainSymbols)
            {
                affixed = (at == 0 ? "" : _options.ContinuingSubwordPrefix) + symbol.ToString()
                    + (at + width == word.Length ? _options.EndOfWordSuffix : "");
            }

            at += width;
            var id = affixed is null ? Vocabulary.Find(symbol) : Vocabulary.Find(affixed);
            if (id >= 0)
            {
                FlushUnknown(merger, ref unknownLength);
                merger.Add(id, byteLength);
                continue;
            }

            // As in the library, pending unknown characters stay pending across bytes.
            if (_options.ByteFallback && AddFallback(merger, affixed is null ? utf8[..byteLength] : Encoding.UTF8.GetBytes(affixed)))
            {
                continue;
            }

            if (_options.UnknownToken is not null)
            {
                if (!_options.FuseUnknown)
                {
                    FlushUnknown(merger, ref unknownLength);
                }

                unknownLength += byteLength;
            }
        }

        FlushUnknown(merger, ref unknownLength);
    }

    private bool AddFallback(SymbolMerger merger, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (_fallbackIds[value] < 0)
            {
                return false;
            }
        }

        foreach (var value in bytes)
        {
            merger.Add(_fallbackIds[value], 1);
        }

        return true;
    }

    private void FlushUnknown(SymbolMerger merger, ref int length)
    {
        if (length == 0)
        {
            return;
        }

        if (_unknownId < 0)
        {
            throw TokenizerErrors.TokenMissing(_file, "unknown token", _options.UnknownToken!);
        }

        merger.Add(_unknownId, length);
        length = 0;
    }

    private MergeTable BuildMerges(IReadOnlyList<(string Left, string Right)> merges, out bool crossesMetaspace)
    {
        crossesMetaspace = false;
        var table = new MergeTable(merges.Count);
        var prefix = _options.ContinuingSubwordPrefix.Length;
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            var leftId = Vocabulary.Find(left);
            var rightId = Vocabulary.Find(right);
            if (leftId < 0 || rightId < 0)
            {
                throw TokenizerErrors.Merges(_file, rank, $"'{(leftId < 0 ? left : right)}' is not in the vocabulary");
            }

            if (right.Length < prefix)
            {
                throw TokenizerErrors.Merges(_file, rank, $"'{right}' is shorter than the continuing subword prefix '{_options.ContinuingSubwordPrefix}'");
            }

            var result = Vocabulary.Find(string.Concat(left, right.AsSpan(prefix)));
            if (result < 0)
            {
                throw TokenizerErrors.Merges(_file, rank, $"'{left}{right[prefix..]}', which it makes, is not in the vocabulary");
            }

            crossesMetaspace |= right.StartsWith(Metaspace) && !left.EndsWith(Metaspace);
            table.Add(leftId, rightId, rank, result);
        }

        return table;
    }
}
