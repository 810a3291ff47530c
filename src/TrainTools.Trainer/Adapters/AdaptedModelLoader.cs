using TrainTools.Core.Adapters;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Models;
using TrainTools.Core.Samples.Labels;
using TrainTools.Trainer.Models;

namespace TrainTools.Trainer.Adapters;

/// <summary>Loads a model folder or an adapter folder for answering: an adapter comes with its base, merged in memory.</summary>
public static class AdaptedModelLoader
{
    /// <summary>Whether a folder holds an adapter.</summary>
    public static bool IsAdapter(string folder) => File.Exists(Path.Combine(folder, AdapterConfigFile.FileName));

    /// <summary>
    /// Loads with the head that the folder is for; an adapter's base is the folder given, else the one its config names, as it
    /// stands or relative to the adapter.
    /// </summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.ModelFolderNotFound"/>: the base is not there.</exception>
    public static PretrainedModel Load(string folder, PretrainedModelOptions options, string? basePath = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!IsAdapter(folder))
        {
            if (AdapterFile.IsIn(folder) && !File.Exists(Path.Combine(folder, ModelConfigFile.FileName)))
            {
                AdapterConfigFile.Read(folder); // an adapter's weights without what says how they belong together
            }

            return PretrainedModelLoader.Load(folder, options);
        }

        var labels = LabelFile.Read(folder);
        var model = PretrainedModelLoader.Load(basePath ?? BaseOf(folder), options with { Task = TaskOf(folder), Labels = labels?.Names ?? [], ProblemType = labels?.Problem });
        try
        {
            // Merged where one table can hold the result, else left beside the base.
            var adapter = AdapterModel.Load(model, folder);
            if (adapter.CanMerge)
            {
                adapter.Merge();
            }

            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static TaskType? TaskOf(string folder) => AdapterConfigFile.Read(folder).TaskType switch
    {
        "SEQ_CLS" => TaskType.SequenceClassification,
        "TOKEN_CLS" => TaskType.TokenClassification,
        "CAUSAL_LM" => TaskType.CausalLm,
        _ => null,
    };

    /// <summary>The base of an adapter.</summary>
    public static string BaseOf(string folder)
    {
        var named = AdapterConfigFile.Read(folder).BaseModelNameOrPath;
        foreach (var candidate in string.IsNullOrWhiteSpace(named) ? [] : new[] { named, Path.Combine(folder, named) })
        {
            if (Directory.Exists(candidate))
            {
                return Path.GetFullPath(candidate);
            }
        }

        throw new TrainToolsException(
            ErrorIds.ModelFolderNotFound, ErrorKind.NotFound, $"The base of the adapter '{folder}' is not there: its config names '{named}'.",
            $"Put the base's folder where base_model_name_or_path in {AdapterConfigFile.FileName} says, or correct that field, or give the base's folder (-BaseModelPath).", folder);
    }
}
