using System.Text;

namespace TrainTools.Core.Cleaning.Text;

/// <summary>A one-byte character set with which UTF-8 is often decoded by mistake: which byte a character was.</summary>
internal sealed class WrongCharset
{
    private readonly Dictionary<char, byte> _bytes = [];

    private WrongCharset(int codePage, bool withControls)
    {
        var encoding = CodePagesEncodingProvider.Instance.GetEncoding(codePage)!;
        for (var value = 0x80; value <= 0xff; value++)
        {
            var text = encoding.GetString([(byte)value]);
            _bytes.TryAdd(text[0], (byte)value);
        }

        for (var value = 0x80; withControls && value <= 0x9f; value++)
        {
            _bytes.TryAdd((char)value, (byte)value);
        }
    }

    /// <summary>Windows-1252, and ISO 8859-1 with it.</summary>
    public static WrongCharset Windows1252 { get; } = new(1252, withControls: true);

    /// <summary>Windows-1250 (Central Europe).</summary>
    public static WrongCharset Windows1250 { get; } = new(1250, withControls: false);

    /// <summary>Windows-1251 (Cyrillic).</summary>
    public static WrongCharset Windows1251 { get; } = new(1251, withControls: true);

    /// <summary>Mac OS Roman.</summary>
    public static WrongCharset MacRoman { get; } = new(10000, withControls: false);

    /// <summary>IBM 437 (DOS).</summary>
    public static WrongCharset Ibm437 { get; } = new(437, withControls: false);

    /// <summary>The character's byte, 80 to FF; -1 for a character outside the set (and for ASCII).</summary>
    public int Byte(char c) => c >= '\u0080' && _bytes.TryGetValue(c, out var value) ? value : -1;

    /// <summary>
    /// Decodes the UTF-8 sequence whose bytes the characters were.
    /// </summary>
    /// <param name="text">Text that begins with the first of them.</param>
    /// <param name="rune">The character they stand for.</param>
    /// <returns>Number of characters; 0 if they are no such sequence.</returns>
    public int Decode(ReadOnlySpan<char> text, out Rune rune)
    {
        rune = default;
        var lead = Byte(text[0]);
        var length = lead switch
        {
            >= 0xc2 and <= 0xdf => 2,
            >= 0xe0 and <= 0xef => 3,
            >= 0xf0 and <= 0xf4 => 4,
            _ => 0,
        };
        if (length == 0 || text.Length < length)
        {
            return 0;
        }

        Span<byte> bytes = stackalloc byte[4];
        bytes[0] = (byte)lead;
        for (var i = 1; i < length; i++)
        {
            var value = Byte(text[i]);
            if (value is < 0x80 or > 0xbf)
            {
                return 0;
            }

            bytes[i] = (byte)value;
        }

        return Rune.DecodeFromUtf8(bytes[..length], out rune, out var consumed) == System.Buffers.OperationStatus.Done && consumed == length ? length : 0;
    }
}
