using System.Text.Json.Nodes;
using TorchSharp;
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

/// <summary>A weight that shares another's tensor where embeddings are tied, by their names in checkpoints.</summary>
/// <param name="Copy">The head's name.</param>
/// <param name="Original">The name parameters go by.</param>
internal sealed record TiedName(string Copy, string Original);

/// <summary>One family: what its config means, in terms of the shared parts.</summary>
internal abstract class ModelFamily
{
    /// <summary>The config's model_type.</summary>
    public abstract string ModelType { get; }

    /// <summary>Beginning of transformers' class names: Llama.</summary>
    public abstract string ClassPrefix { get; }

    /// <summary>The task where neither the user nor the config's architectures say.</summary>
    public abstract TaskType DefaultTask { get; }

    /// <summary>Tasks there is a head for.</summary>
    public abstract IReadOnlyList<TaskType> Tasks { get; }

    /// <summary>Names in checkpoints.</summary>
    public abstract NameAdapter Names { get; }

    /// <summary>Whether the config ties the head of this task to the embedding.</summary>
    public abstract bool IsTied(ModelConfigFile config, TaskType task);

    /// <summary>What shares a tensor where it does.</summary>
    public abstract IReadOnlyList<TiedName> TiedNames { get; }

    /// <summary>Lays the model out. Errors: ModelConfigInvalid, ModelSettingUnsupported.</summary>
    /// <param name="config">The config; labels given in the options are written into it.</param>
    /// <param name="task">The head.</param>
    /// <param name="tied">Whether head and embedding share their weight.</param>
    /// <param name="options">Dropouts and labels.</param>
    public abstract LaidOutModel LayOut(ModelConfigFile config, TaskType task, bool tied, PretrainedModelOptions options);

    /// <summary>transformers' class name for a task.</summary>
    public virtual string ClassName(TaskType task) => ClassPrefix + task switch
    {
        TaskType.SequenceClassification => "ForSequenceClassification",
        TaskType.TokenClassification => "ForTokenClassification",
        TaskType.MaskedLm => "ForMaskedLM",
        _ => "ForCausalLM",
    };

    /// <summary>The task the config's architectures name; null where they name none of ours.</summary>
    public TaskType? TaskOf(ModelConfigFile config)
    {
        string? name = config.TextsOrNull("architectures") is { Count: > 0 } names ? names[0] : null;
        return name switch
        {
            null => null,
            _ when name.EndsWith("ForSequenceClassification", StringComparison.Ordinal) => TaskType.SequenceClassification,
            _ when name.EndsWith("ForTokenClassification", StringComparison.Ordinal) => TaskType.TokenClassification,
            _ when name.EndsWith("ForMaskedLM", StringComparison.Ordinal) || name.EndsWith("ForPreTraining", StringComparison.Ordinal) => TaskType.MaskedLm,
            _ when name.EndsWith("ForCausalLM", StringComparison.Ordinal) || name.EndsWith("LMHeadModel", StringComparison.Ordinal) => TaskType.CausalLm,
            _ => null,
        };
    }

    /// <summary>Makes the config name this family's class for the task, as a head of another kind changes it.</summary>
    public void SetArchitecture(ModelConfigFile config, TaskType task)
    {
        if (TaskOf(config) != task)
        {
            config.Json["architectures"] = new JsonArray(ClassName(task));
        }
    }

    /// <summary>The activation of that key.</summary>
    protected static Func<torch.Tensor, torch.Tensor> Activation(ModelConfigFile config, string key, string otherwise) =>
        Activations.Find(config.TextOrNull(key) ?? otherwise) ?? throw config.Unsupported(key, string.Join(", ", Activations.Names));

    /// <summary>A dropout share from the options or the config.</summary>
    protected static double Share(ModelConfigFile config, double? given, string key, double otherwise = 0)
    {
        double share = given ?? config.Number(key, otherwise);
        return share is >= 0 and < 1 ? share : throw config.Wrong(key, "a share from 0 to below 1");
    }
}
