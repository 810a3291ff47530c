using System.Text;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Decoders;

/// <summary>A step from tokens back to text: changes a list of pieces, which are joined in the end.</summary>
internal interface IDecoder
{
    List<string> Decode(List<string> pieces);
}

/// <summary>Decoders one after another.</summary>
internal sealed class DecoderSequence(IReadOnlyList<IDecoder> steps) : IDecoder
{
    public List<string> Decode(List<string> pieces)
    {
        foreach (var step in steps)
        {
            pieces = step.Decode(pieces);
        }

        return pieces;
    }
}

/// <summary>Replaces matches of a pattern in every piece.</summary>
internal sealed class ReplaceDecoder(ITextPattern pattern, string content) : IDecoder
{
    public List<string> Decode(List<string> pieces)
    {
        var segments = new List<Segment>();
        for (var i = 0; i < pieces.Count; i++)
        {
            segments.Clear();
            pattern.Find(pieces[i], segments);
            if (!segments.Exists(s => s.IsMatch))
            {
                continue;
            }

            var text = new StringBuilder();
            foreach (var segment in segments)
            {
                text.Append(segment.IsMatch ? content : pieces[i].AsSpan(segment.Start, segment.End - segment.Start));
            }

            pieces[i] = text.ToString();
        }

        return pieces;
    }
}

/// <summary>Joins the pieces into one.</summary>
internal sealed class FuseDecoder : IDecoder
{
    public List<string> Decode(List<string> pieces) => [string.Concat(pieces)];
}

/// <summary>Takes up to so many of one character off the start and the end of every piece.</summary>
internal sealed class StripDecoder(string character, int start, int stop) : IDecoder
{
    public List<string> Decode(List<string> pieces)
    {
        for (var i = 0; i < pieces.Count; i++)
        {
            var piece = pieces[i].AsSpan();
            for (var n = 0; n < start && piece.StartsWith(character, StringComparison.Ordinal); n++)
            {
                piece = piece[character.Length..];
            }

            for (var n = 0; n < stop && piece.EndsWith(character, StringComparison.Ordinal); n++)
            {
                piece = piece[..^character.Length];
            }

            if (piece.Length != pieces[i].Length)
            {
                pieces[i] = piece.ToString();
            }
        }

        return pieces;
    }
}
