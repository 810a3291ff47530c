using System.Text;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Decoders;

/// <summary>Turns GPT-2's byte alphabet back into bytes, and those into text; a token with any other character stands for its own UTF-8.</summary>
internal sealed class ByteLevelDecoder : IDecoder
{
    public List<string> Decode(List<string> pieces)
    {
        var bytes = new List<byte>();
        foreach (var piece in pieces)
        {
            var start = bytes.Count;
            foreach (var character in piece)
            {
                var value = ByteAlphabet.ByteOf(character);
                if (value < 0)
                {
                    bytes.RemoveRange(start, bytes.Count - start);
                    bytes.AddRange(Encoding.UTF8.GetBytes(piece));
                    break;
                }

                bytes.Add((byte)value);
            }
        }

        return [Encoding.UTF8.GetString([.. bytes])];
    }
}

/// <summary>Joins WordPiece tokens: a space before each that does not continue a word.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanUp) : IDecoder
{
    public List<string> Decode(List<string> pieces)
    {
        for (var i = 0; i < pieces.Count; i++)
        {
            if (i > 0)
            {
                pieces[i] = pieces[i].StartsWith(prefix, StringComparison.Ordinal) ? pieces[i][prefix.Length..] : " " + pieces[i];
            }

            if (cleanUp)
            {
                pieces[i] = SpaceCleaner.Clean(pieces[i]).Replace(" do not", " don't", StringComparison.Ordinal);
            }
        }

        return pieces;
    }
}

/// <summary>Removes the spaces that stand before punctuation and English contractions once words are joined by spaces.</summary>
internal static class SpaceCleaner
{
    private static readonly (string From, string To)[] Rules =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    public static string Clean(string text)
    {
        foreach (var (from, to) in Rules)
        {
            text = text.Replace(from, to, StringComparison.Ordinal);
        }

        return text;
    }
}

/// <summary>Turns "▁" into spaces; in the first piece, where one was put in front, it is dropped instead.</summary>
internal sealed class MetaspaceDecoder(string replacement, bool prepended) : IDecoder
{
    public List<string> Decode(List<string> pieces)
    {
        for (var i = 0; i < pieces.Count; i++)
        {
            pieces[i] = pieces[i].Replace(replacement, i == 0 && prepended ? "" : " ", StringComparison.Ordinal);
        }

        return pieces;
    }
}

/// <summary>Turns the suffix that ends a word into a space; behind the last word into nothing.</summary>
internal sealed class SuffixDecoder(string suffix) : IDecoder
{
    public List<string> Decode(List<string> pieces)
    {
        for (var i = 0; i < pieces.Count && suffix.Length > 0; i++)
        {
            pieces[i] = pieces[i].Replace(suffix, i == pieces.Count - 1 ? "" : " ", StringComparison.Ordinal);
        }

        return pieces;
    }
}

/// <summary>Connectionist temporal classification: repeated tokens count once, the padding token separates them.</summary>
internal sealed class CtcDecoder(string padToken, string wordDelimiter, bool cleanUp) : IDecoder
{
    public List<string> Decode(List<string> pieces)
    {
        var result = new List<string>();
        for (var i = 0; i < pieces.Count; i++)
        {
            if (i > 0 && pieces[i] == pieces[i - 1])
            {
                continue;
            }

            var piece = padToken.Length == 0 ? pieces[i] : pieces[i].Replace(padToken, "", StringComparison.Ordinal);
            if (cleanUp)
            {
                piece = SpaceCleaner.Clean(piece).Replace(" do not", " don't", StringComparison.Ordinal);
                piece = wordDelimiter.Length == 0 ? piece : piece.Replace(wordDelimiter, " ", StringComparison.Ordinal);
            }

            if (piece.Length > 0)
            {
                result.Add(piece);
            }
        }

        return result;
    }
}
