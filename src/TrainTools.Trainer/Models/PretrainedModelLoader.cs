using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Families;
using TrainTools.Trainer.Models.Loading;

namespace TrainTools.Trainer.Models;

/// <summary>Loads Hugging Face model folders.</summary>
public static class PretrainedModelLoader
{
    /// <summary>Supported values of config.json's model_type.</summary>
    public static IReadOnlyList<string> SupportedModelTypes => ModelSupport.ModelTypes;

    /// <summary>
    /// Loads a model. Errors: ModelFolderNotFound, ModelConfigMissing, ModelConfigInvalid, ModelTypeMissing,
    /// ModelTypeUnsupported, ModelSettingUnsupported, ModelTaskUnsupported, ModelWeightsMissing, ModelWeightsPickled,
    /// ModelIndexInvalid, ModelShardMissing, SafetensorsInvalid, SafetensorsTruncated, TensorMissing, TensorUnexpected,
    /// TensorShapeMismatch, TensorDtypeUnsupported.
    /// </summary>
    public static PretrainedModel Load(string folder, PretrainedModelOptions? options = null)
    {
        options ??= new PretrainedModelOptions();
        var config = ModelConfigFile.Read(folder);
        var family = FamilyRegistry.Find(config);
        var task = options.Task ?? family.TaskOf(config) ?? family.DefaultTask;
        if (!family.Tasks.Contains(task))
        {
            throw new TrainToolsException(ErrorIds.ModelTaskUnsupported, ErrorKind.NotSupported, $"The family '{family.ModelType}' of '{folder}' has no head for the task {TaskName(task)}.", $"Tasks of this family: {string.Join(", ", family.Tasks.Select(TaskName))}.", folder);
        }

        using var checkpoint = Checkpoint.Open(folder);
        var tied = TiedWeights.Read(checkpoint, family, family.IsTied(config, task));
        var laidOut = family.LayOut(config, task, tied.Tied, options);
        var model = laidOut.Model;
        try
        {
            model.LoadReport = WeightLoader.Fill(laidOut.Layout, family.Names, checkpoint, tied.Aliases, laidOut.Renewable, options, config.Number("initializer_range", 0.02));
            model.ComputeType = options.ComputeType;
            model.Device = options.Device ?? TorchSharp.torch.CPU;
            model.Folder = folder;
            family.SetArchitecture(config, task);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Loads a decoder with its next-token head. Errors: as <see cref="Load"/>.</summary>
    public static CausalLanguageModel LoadCausal(string folder, PretrainedModelOptions? options = null) =>
        (CausalLanguageModel)Load(folder, (options ?? new PretrainedModelOptions()) with { Task = TaskType.CausalLm });

    private static string TaskName(TaskType task) => task switch
    {
        TaskType.SequenceClassification => "sequence-classification",
        TaskType.TokenClassification => "token-classification",
        TaskType.MaskedLm => "masked-lm",
        _ => "causal-lm",
    };
}
