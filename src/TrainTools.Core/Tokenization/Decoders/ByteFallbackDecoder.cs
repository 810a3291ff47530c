using System.Globalization;
using System.Text;

namespace TrainTools.Core.Tokenization.Decoders;

/// <summary>
/// Turns runs of byte tokens ("&lt;0xE2&gt;") into text. A run that is not valid UTF-8 as a whole becomes one U+FFFD per
/// byte.
/// </summary>
internal sealed class ByteFallbackDecoder : IDecoder
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public List<string> Decode(List<string> pieces)
    {
        var result = new List<string>(pieces.Count);
        var run = new List<byte>();
        foreach (var piece in pieces)
        {
            if (TryByte(piece, out var value))
            {
                run.Add(value);
                continue;
            }

            Flush(run, result);
            result.Add(piece);
        }

        Flush(run, result);
        return result;
    }

    /// <summary>Whether a token stands for a byte.</summary>
    public static bool TryByte(string piece, out byte value)
    {
        value = 0;
        return piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
            && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private static void Flush(List<byte> run, List<string> result)
    {
        if (run.Count == 0)
        {
            return;
        }

        try
        {
            result.Add(Strict.GetString([.. run]));
        }
        catch (DecoderFallbackException)
        {
            result.AddRange(Enumerable.Repeat("\uFFFD", run.Count));
        }

        run.Clear();
    }
}
