using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Models;

/// <summary>
/// Which models can be computed, as far as config.json alone tells: what the check of a configuration says before a
/// trainer starts, and what loading says again.
/// </summary>
public static class ModelSupport
{
    /// <summary>Supported values of model_type.</summary>
    public static IReadOnlyList<string> ModelTypes { get; } =
    [
        "bert", "distilbert", "gemma2", "gemma3_text", "gpt2", "gpt_neox", "llama", "mistral", "olmo2", "phi3", "qwen2", "qwen3", "roberta", "smollm3",
    ];

    /// <summary>Refuses a config of another family, or of weights quantised in a way that is not read. Errors: ModelTypeMissing, ModelTypeUnsupported, ModelSettingUnsupported.</summary>
    public static void Require(ModelConfigFile config)
    {
        ArgumentNullException.ThrowIfNull(config);
        string type = config.ModelType;
        if (!ModelTypes.Contains(type))
        {
            string? near = ModelTypes.FirstOrDefault(t => t.StartsWith(type + "_", StringComparison.Ordinal)) ?? NearestName.Find(type, ModelTypes);
            throw new TrainToolsException(
                ErrorIds.ModelTypeUnsupported,
                ErrorKind.NotSupported,
                $"'{config.Path}' has model_type '{type}', which is not supported.",
                (near is null ? string.Empty : $"The nearest supported one is '{near}'. ") + $"Supported: {string.Join(", ", ModelTypes)}.",
                config.Path);
        }

        if (config.SectionOrNull("quantization_config")?.TextOrNull("quant_method") is { } method and not "bitsandbytes")
        {
            throw new TrainToolsException(
                ErrorIds.ModelSettingUnsupported,
                ErrorKind.NotSupported,
                $"'{config.Path}' describes weights quantised with {method}, which are not read.",
                "Use the unquantised model it was made from (F32, BF16 or F16); finetuning_type qlora quantises the frozen weights itself.",
                config.Path);
        }
    }
}
