namespace TrainTools.Core.Tokenization.PostProcessors;

/// <summary>Adds a model's tokens around one or two encoded texts.</summary>
internal interface IPostProcessor
{
    /// <summary>How many tokens it adds.</summary>
    int AddedTokens(bool isPair);

    /// <summary>Processes the texts, one or two, each by itself; they are joined afterwards.</summary>
    List<TokenRows> Process(List<TokenRows> texts, bool addSpecialTokens);
}

/// <summary>Post-processors one after another.</summary>
internal sealed class PostProcessorSequence(IReadOnlyList<IPostProcessor> steps) : IPostProcessor
{
    public int AddedTokens(bool isPair) => steps.Sum(s => s.AddedTokens(isPair));

    public List<TokenRows> Process(List<TokenRows> texts, bool addSpecialTokens)
    {
        foreach (var step in steps)
        {
            texts = step.Process(texts, addSpecialTokens);
        }

        return texts;
    }
}
