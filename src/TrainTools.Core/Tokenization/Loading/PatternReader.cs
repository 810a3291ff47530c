using TrainTools.Core.Tokenization.Patterns;
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

        var regex = part.Get("Regex");
        var source = regex.AsText();
        if (KnownPatterns.Find(source) is { } known)
        {
            return known;
        }

        try
        {
            return new RegexPattern(source);
        }
        catch (FormatException e)
        {
            throw TokenizerErrors.Invalid(regex.File, regex.Path, $"the pattern '{source}' cannot be used: {e.Message}", e);
        }
    }
}
