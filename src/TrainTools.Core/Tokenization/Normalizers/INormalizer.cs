using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Normalizers;

/// <summary>Changes a text before it is cut into words, keeping track of where everything came from.</summary>
internal interface INormalizer
{
    void Normalize(NormalizedText text);
}

/// <summary>Normalizers one after another.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<INormalizer> steps) : INormalizer
{
    public IReadOnlyList<INormalizer> Steps { get; } = steps;

    public void Normalize(NormalizedText text)
    {
        foreach (var step in Steps)
        {
            step.Normalize(text);
        }
    }
}

/// <summary>Puts a text in front of every text that is not empty.</summary>
internal sealed class PrependNormalizer(string prefix) : INormalizer
{
    public string Prefix { get; } = prefix;

    public void Normalize(NormalizedText text) => text.Prepend(Prefix);
}
