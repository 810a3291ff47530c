namespace TrainTools.Core.Diagnostics.Logs;

/// <summary>Python's json module writes NaN, Infinity and -Infinity bare, which JSON does not have.</summary>
internal static class PythonNumbers
{
    private static readonly byte[][] Names = ["-Infinity"u8.ToArray(), "Infinity"u8.ToArray(), "NaN"u8.ToArray(), "nan"u8.ToArray(), "-inf"u8.ToArray(), "inf"u8.ToArray()];

    /// <summary>The same text with such numbers in quotes; unchanged where there are none.</summary>
    public static byte[] ToJson(byte[] text)
    {
        using var output = new MemoryStream(text.Length + 64);
        var inString = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (inString && c == (byte)'\\' && i + 1 < text.Length)
            {
                output.WriteByte(c);
                output.WriteByte(text[++i]);
                continue;
            }

            inString ^= c == (byte)'"';
            if (!inString && Array.Find(Names, n => text.AsSpan(i).StartsWith(n)) is { } name)
            {
                output.WriteByte((byte)'"');
                output.Write(name);
                output.WriteByte((byte)'"');
                i += name.Length - 1;
                continue;
            }

            output.WriteByte(c);
        }

        return output.ToArray();
    }
}
