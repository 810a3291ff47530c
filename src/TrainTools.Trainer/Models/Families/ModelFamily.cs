using TrainTools.Core.Configuration;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Models.Families;

/// <summary>A model laid out and not yet filled.</summary>
/// <param name="Model">The model.</param>
/// <param name="Layout">Its parameters.</param>
/// <param name="Renewable">Parameters of the head that may be made anew.</param>
internal sealed record LaidOutModel(PretrainedModel Model, ModelLayout Layout, IReadOnlySet<string> Renewable);

/// <summary>One family: what its config means, in terms of the shared parts.</summary>
internal abstract class ModelFamily
{
    /// <summary>The config's model_type.</summary>
    public abstract string ModelType { get; }

    /// <summary>The task where neither the user nor the config's architectures say.</summary>
    public abstract TaskType DefaultTask { get; }

    /// <summary>Tasks there is a head for.</summary>
    public abstract IReadOnlyList<TaskType> Tasks { get; }

    /// <summary>Names in checkpoints.</summary>
    public abstract NameAdapter Names { get; }

    /// <summary>Lays the model out. Errors: ModelConfigInvalid, ModelSettingUnsupported.</summary>
    public abstract LaidOutModel LayOut(ModelConfigFile config, TaskType task, PretrainedModelOptions options);

    /// <summary>The activation of that key.</summary>
    protected static Func<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor> Activation(ModelConfigFile config, string key, string otherwise) =>
        Activations.Find(config.TextOrNull(key) ?? otherwise) ?? throw config.Unsupported(key, string.Join(", ", Activations.Names));

    /// <summary>A dropout share from the options or the config.</summary>
    protected static double Share(ModelConfigFile config, double? given, string key, double otherwise = 0)
    {
        double share = given ?? config.Number(key, otherwise);
        return share is >= 0 and < 1 ? share : throw config.Wrong(key, "a share from 0 to below 1");
    }
}
