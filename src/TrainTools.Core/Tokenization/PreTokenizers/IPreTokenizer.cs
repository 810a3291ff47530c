using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.PreTokenizers;

/// <summary>Cuts a normalized text into the words the model tokenizes one by one.</summary>
internal interface IPreTokenizer
{
    void Apply(PreTokenizedText text);
}

/// <summary>Pre-tokenizers one after another.</summary>
internal sealed class PreTokenizerSequence(IReadOnlyList<IPreTokenizer> steps) : IPreTokenizer
{
    public IReadOnlyList<IPreTokenizer> Steps { get; } = steps;

    public void Apply(PreTokenizedText text)
    {
        foreach (var step in Steps)
        {
            step.Apply(text);
        }
    }
}
