using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Models;

namespace TrainTools.Trainer.Models.Families;

/// <summary>The supported families.</summary>
internal static class FamilyRegistry
{
    private static readonly ModelFamily[] All = [new LlamaFamily()];

    /// <summary>Supported values of model_type.</summary>
    public static IReadOnlyList<string> ModelTypes { get; } = All.Select(f => f.ModelType).Order(StringComparer.Ordinal).ToList();

    /// <summary>The family of a config. Errors: ModelTypeMissing, ModelTypeUnsupported.</summary>
    public static ModelFamily Find(ModelConfigFile config)
    {
        string type = config.ModelType;
        return Array.Find(All, f => f.ModelType == type) ?? throw new TrainToolsException(
            ErrorIds.ModelTypeUnsupported,
            ErrorKind.NotSupported,
            $"'{config.Path}' has model_type '{type}', which is not supported.",
            $"Supported: {string.Join(", ", ModelTypes)}.",
            config.Path);
    }
}
