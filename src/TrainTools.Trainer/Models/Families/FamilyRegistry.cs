using TrainTools.Core.Models;

namespace TrainTools.Trainer.Models.Families;

/// <summary>The supported families.</summary>
internal static class FamilyRegistry
{
    private static readonly ModelFamily[] All =
    [
        new LlamaFamily(),
        new MistralFamily(),
        new Qwen2Family(),
        new Qwen3Family(),
        new Phi3Family(),
        new Gemma2Family(),
        new Gemma3TextFamily(),
        new Gpt2Family(),
        new GptNeoXFamily(),
        new Olmo2Family(),
        new SmolLm3Family(),
        new BertFamily(),
        new RobertaFamily(),
        new DistilBertFamily(),
    ];

    /// <summary>The families' values of model_type.</summary>
    public static IEnumerable<string> ModelTypes => All.Select(f => f.ModelType);

    /// <summary>The family of a config. Errors: as <see cref="ModelSupport.Require"/>.</summary>
    public static ModelFamily Find(ModelConfigFile config)
    {
        ModelSupport.Require(config);
        return Array.Find(All, f => f.ModelType == config.ModelType)!;
    }
}
