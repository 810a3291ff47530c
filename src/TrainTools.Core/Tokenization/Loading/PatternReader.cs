using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>Reads {"String": …} or {"Regex": …}.</summary>
internal static class PatternReader
{
    public static ITextPattern Read(JsonPart part)
    {
        if (part.Find("String") is { } literal)
        {
            return new LiteralPattern(literal.AsText());
        }

        throw TokenizerErrors.Unsupported(part.File, part.Path, "this kind of pattern", "String");
    }
}
