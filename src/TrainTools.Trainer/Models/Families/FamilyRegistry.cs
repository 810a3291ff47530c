using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
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

    /// <summary>Supported values of model_type.</summary>
    public static IReadOnlyList<string> ModelTypes { get; } = All.Select(f => f.ModelType).Order(StringComparer.Ordinal).ToList();

    /// <summary>The family of a config. Errors: ModelTypeMissing, ModelTypeUnsupported.</summary>
    public static ModelFamily Find(ModelConfigFile config)
    {
        string type = config.ModelType;
        var family = Array.Find(All, f => f.ModelType == type);
        if (family is not null)
        {
            return family;
        }

        string? near = NearestName.Find(type, ModelTypes);
        throw new TrainToolsException(
            ErrorIds.ModelTypeUnsupported,
            ErrorKind.NotSupported,
            $"'{config.Path}' has model_type '{type}', which is not supported.",
            (near is null ? string.Empty : $"The nearest supported one is '{near}'. ") + $"Supported: {string.Join(", ", ModelTypes)}.",
            config.Path);
    }
}
