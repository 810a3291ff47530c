using TrainTools.Core.Adapters;
using TrainTools.Core.Configuration;
using TrainTools.Trainer.Models;

namespace TrainTools.Trainer.Adapters;

/// <summary>A new adapter for a run, from the run's settings.</summary>
public static class AdapterFactory
{
    /// <summary>Makes the adapter; with method qlora the base is quantised first.</summary>
    /// <param name="model">The base.</param>
    /// <param name="config">The run's configuration; lora_r and lora_alpha left open are 16 and 32.</param>
    public static AdapterModel Create(PretrainedModel model, TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(config);
        if (config.Method.FinetuningType == TrainingMethod.Qlora)
        {
            QuantizedBase.Quantize(model, config.Method.Bnb4BitUseDoubleQuant);
        }

        var file = AdapterConfigFile.Create(Settings(model, config));
        if (file.Targets.IsAllLinear || file.Targets.IsDefault)
        {
            WriteOutTargets(model, file);
        }

        return AdapterModel.Create(model, file, config.Runtime.Seed);
    }

    private static AdapterSettings Settings(PretrainedModel model, TrainingConfig config)
    {
        var method = config.Method;
        var rank = method.LoraR ?? 16;
        var pattern = method.TargetModules is [var one] && (one == AdapterTargets.AllLinear || IsPattern(one)) ? one : null;
        return new AdapterSettings
        {
            Rank = rank,
            Alpha = method.LoraAlpha ?? 2 * rank,
            Dropout = method.LoraDropout,
            TargetRegex = pattern ?? (method.TargetModules.Count == 0 ? AdapterTargets.AllLinear : null),
            TargetModules = pattern is null ? method.TargetModules : null,
            ExcludeModules = method.ExcludeModules,
            ModulesToSave = method.ModulesToSave,
            UseRslora = method.UseRslora,
            UseDora = method.UseDora,
            FanInFanOut = model.LinearLayers.Values.Any(l => l.Transposed),
            TaskType = config.Task.TaskType switch
            {
                TaskType.SequenceClassification => "SEQ_CLS",
                TaskType.TokenClassification => "TOKEN_CLS",
                TaskType.CausalLm => "CAUSAL_LM",
                _ => null,
            },
            BaseModelNameOrPath = config.Model.ModelNameOrPath,
        };
    }

    // Names are letters, digits, dots and underscores; anything else is a regular expression.
    private static bool IsPattern(string text) => !text.All(c => char.IsLetterOrDigit(c) || c is '.' or '_' or '-');

    /// <summary>
    /// Writes the layers found into the config, as PEFT does: by their last words where these name exactly the same layers,
    /// else in full.
    /// </summary>
    private static void WriteOutTargets(PretrainedModel model, AdapterConfigFile file)
    {
        var chosen = AdapterModel.SelectTargets(model, file);
        var words = chosen.Select(n => n[(n.LastIndexOf('.') + 1)..]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        file.Json["target_modules"] = Names(words);
        if (!AdapterModel.SelectTargets(model, file).SequenceEqual(chosen))
        {
            file.Json["target_modules"] = Names(chosen);
        }
    }

    private static System.Text.Json.Nodes.JsonArray Names(IEnumerable<string> names) => new([.. names.Select(n => (System.Text.Json.Nodes.JsonNode)n)]);
}
