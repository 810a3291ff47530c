using System.Globalization;
using TrainTools.Core.Adapters;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Quantization;

namespace TrainTools.Trainer.Adapters;

/// <summary>A new adapter for a run, from the run's settings.</summary>
public static class AdapterFactory
{
    /// <summary>How a method's base is stored; null = as it is.</summary>
    public static WeightQuantization? Quantization(MethodConfig method)
    {
        ArgumentNullException.ThrowIfNull(method);
        if (method.QuantizationBit is not (4 or 8))
        {
            throw Wrong("quantization_bit", method.QuantizationBit.ToString(CultureInfo.InvariantCulture), "4 or 8");
        }

        return method.FinetuningType == TrainingMethod.Qlora ? new WeightQuantization(method.QuantizationBit, method.Bnb4BitUseDoubleQuant) : null;
    }

    /// <summary>Refuses to train the weights of a base that is quantised on disk.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.QuantizedBaseFrozen"/>.</exception>
    public static void RefuseQuantizedFull(PretrainedModel model, MethodConfig method)
    {
        ArgumentNullException.ThrowIfNull(method);
        if (method.FinetuningType == TrainingMethod.Full && QuantizedBase.IsQuantized(model))
        {
            throw new TrainToolsException(
                ErrorIds.QuantizedBaseFrozen, ErrorKind.InvalidArgument, $"The model '{model.Folder}' is quantised: its weights cannot be trained.",
                "Set finetuning_type to qlora, or start from the 16-bit checkpoint.", "finetuning_type");
        }
    }

    /// <summary>Makes the adapter; with method qlora what is not quantised yet is quantised first.</summary>
    /// <param name="model">The base.</param>
    /// <param name="config">The run's configuration; lora_r and lora_alpha left open are 16 and 32.</param>
    public static AdapterModel Create(PretrainedModel model, TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(config);
        if (Quantization(config.Method) is { } how)
        {
            QuantizedBase.Quantize(model, how);
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
            ModulesToSave = [.. method.ModulesToSave.Concat(HeadModules(model, config.Task.TaskType)).Distinct(StringComparer.Ordinal)],
            Bias = method.Bias,
            RankPattern = Pattern(method.RankPattern, "rank_pattern"),
            AlphaPattern = Pattern(method.AlphaPattern, "alpha_pattern"),
            LayersToTransform = method.LayersToTransform.Count == 0 ? null : [.. method.LayersToTransform.Select(Layer)],
            LayersPattern = method.LayersPattern.Count == 0 ? null : method.LayersPattern,
            InitLoraWeights = method.InitLoraWeights,
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

    /// <summary>
    /// What PEFT trains and saves with an adapter of a classifier ("classifier", "score"), and what was made anew beside it (a
    /// pooler): frozen at random it could not be had again.
    /// </summary>
    private static IEnumerable<string> HeadModules(PretrainedModel model, TaskType task) => task is TaskType.SequenceClassification or TaskType.TokenClassification
        ? ["classifier", "score", .. model.LoadReport.Initialized.Select(n => n[..n.LastIndexOf('.')]).Where(n => !n.Split('.').Any(p => p is "classifier" or "score"))]
        : [];

    private static Dictionary<string, double> Pattern(SettingList entries, string setting)
    {
        var result = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var at = entry.LastIndexOf('=');
            if (at < 1 || !double.TryParse(entry[(at + 1)..], CultureInfo.InvariantCulture, out var value) || !(value > 0) || (setting == "rank_pattern" && value != Math.Floor(value)))
            {
                throw Wrong(setting, entry, "a layer's name, an equals sign and a number above 0, such as q_proj=4");
            }

            result[entry[..at].Trim()] = value;
        }

        return result;
    }

    private static int Layer(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number : throw Wrong("layers_to_transform", text, "the number of a layer, from 0");

    private static TrainToolsException Wrong(string setting, string entry, string wanted) => new(
        ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, $"{setting}: '{entry}' is not {wanted}.", "Correct the entry.", setting);

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
