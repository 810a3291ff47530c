namespace TrainTools.Core.Tokenization.Text;

/// <summary>
/// GPT-2's alphabet for bytes: printable Latin-1 stands for itself, the other 68 bytes for the characters from U+0100 on
/// (a space is "Ġ", a line feed "Ċ").
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] ToCharacter = Build();
    private static readonly short[] ToByte = Invert();

    /// <summary>Character of a byte.</summary>
    public static char CharacterOf(byte value) => ToCharacter[value];

    /// <summary>Byte of a character, or -1 if it stands for none.</summary>
    public static int ByteOf(char character) => character < ToByte.Length ? ToByte[character] : -1;

    private static char[] Build()
    {
        var characters = new char[256];
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = (char)(printable ? value : next++);
        }

        return characters;
    }

    private static short[] Invert()
    {
        var bytes = new short[256 + 68];
        Array.Fill(bytes, (short)-1);
        for (var value = 0; value < 256; value++)
        {
            bytes[ToCharacter[value]] = (short)value;
        }

        return bytes;
    }
}
