using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Normalizers;

/// <summary>
/// SentencePiece's normalization rules: a double-array trie from UTF-8 byte strings to positions in a list of
/// NUL-terminated replacements. Layout: length of the trie in bytes, the trie's units, the replacements; all little-endian.
/// </summary>
/// <remarks>
/// As in the Hugging Face library, a grapheme cluster of fewer than six bytes is looked up whole, any other character by
/// character, and of several rules that match a prefix the shortest one counts.
/// </remarks>
internal sealed class PrecompiledNormalizer : INormalizer
{
    private readonly uint[] _units;
    private readonly byte[] _replacements;

    private PrecompiledNormalizer(uint[] units, byte[] replacements)
    {
        _units = units;
        _replacements = replacements;
    }

    /// <summary>Reads the rules.</summary>
    /// <exception cref="FormatException">They are damaged.</exception>
    public static PrecompiledNormalizer Read(ReadOnlySpan<byte> rules)
    {
        if (rules.Length < 4)
        {
            throw new FormatException("the character map is too short");
        }

        var size = BinaryPrimitives.ReadUInt32LittleEndian(rules);
        if (size < 4 || size > rules.Length - 4)
        {
            throw new FormatException("the character map's trie is longer than the map");
        }

        var units = new uint[size / 4];
        for (var i = 0; i < units.Length; i++)
        {
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(rules[(4 + (4 * i))..]);
        }

        return new PrecompiledNormalizer(units, rules[(4 + (4 * units.Length))..].ToArray());
    }

    public void Normalize(NormalizedText text)
    {
        var changes = new List<(int CodePoint, int Step)>(text.Length);
        var modified = false;
        Span<char> character = stackalloc char[2];
        var span = text.Span;
        while (span.Length > 0)
        {
            var length = StringInfo.GetNextTextElementLength(span);
            var cluster = span[..length];
            span = span[length..];
            if (Encoding.UTF8.GetByteCount(cluster) < 6 && Find(cluster) is { } whole)
            {
                modified = true;
                Replace(changes, CountRunes(cluster), whole);
                continue;
            }

            foreach (var rune in cluster.EnumerateRunes())
            {
                if (Find(character[..rune.EncodeToUtf16(character)]) is { } single)
                {
                    modified = true;
                    Replace(changes, 1, single);
                }
                else
                {
                    changes.Add((rune.Value, 0));
                }
            }
        }

        if (!modified)
        {
            return;
        }

        var change = new TextChange(text, text.Length);
        foreach (var (codePoint, step) in changes)
        {
            change.Write(codePoint, step);
        }

        change.Apply();
    }

    private static int CountRunes(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }

    private static void Replace(List<(int CodePoint, int Step)> changes, int oldCount, string replacement)
    {
        var first = changes.Count;
        foreach (var rune in replacement.EnumerateRunes())
        {
            changes.Add((rune.Value, 0));
        }

        var added = changes.Count - first - oldCount;
        for (var i = 0; i < added; i++)
        {
            changes[^(i + 1)] = (changes[^(i + 1)].CodePoint, 1);
        }

        if (added < 0 && changes.Count > 0)
        {
            changes[^1] = (changes[^1].CodePoint, changes[^1].Step + added);
        }
    }

    /// <summary>The replacement for a text, or null.</summary>
    private string? Find(ReadOnlySpan<char> text)
    {
        Span<byte> key = stackalloc byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = Encoding.UTF8.GetBytes(text, key);
        long node = Offset(_units[0]);
        for (var i = 0; i < length && key[i] != 0; i++)
        {
            node ^= key[i];
            if (node >= _units.Length || Label(_units[node]) != key[i])
            {
                return null;
            }

            var unit = _units[node];
            node ^= Offset(unit);
            if (HasLeaf(unit))
            {
                return node < _units.Length ? ReplacementAt((int)(_units[node] & 0x7FFFFFFF)) : null;
            }
        }

        return null;
    }

    private string? ReplacementAt(int start)
    {
        if (start >= _replacements.Length)
        {
            return null;
        }

        var rest = _replacements.AsSpan(start);
        var end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    private static bool HasLeaf(uint unit) => ((unit >> 8) & 1) == 1;

    private static uint Label(uint unit) => unit & ((1u << 31) | 0xFF);

    private static long Offset(uint unit) => (long)(unit >> 10) << (int)((unit & (1u << 9)) >> 6);
}
