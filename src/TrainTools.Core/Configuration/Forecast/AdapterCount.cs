namespace TrainTools.Core.Configuration;

/// <summary>Parameters that adapters add.</summary>
internal static class AdapterCount
{
    private static readonly HashSet<string> Heads = new(StringComparer.Ordinal) { "lm_head", "embed_out", "score", "classifier", "qa_outputs" };

    /// <summary>Trainable parameters of a config on a model; null where the model's layers are not known.</summary>
    public static long? Trainable(TrainingConfig config, ModelFacts model)
    {
        if (config.Method.FinetuningType == TrainingMethod.Full)
        {
            return model.ParameterCount;
        }

        if (model.Parameters.Count == 0 || config.Method.LoraR is not { } rank)
        {
            return null;
        }

        long count = 0;
        foreach (var parameter in model.Parameters.Where(p => p.Name.EndsWith(".weight", StringComparison.Ordinal)))
        {
            var layer = parameter.Name[..^".weight".Length];
            var word = LastWord(layer);
            if (config.Method.ModulesToSave.Contains(word))
            {
                count += parameter.Count;
            }
            else if (parameter.Shape.Count == 2 && IsTarget(config.Method, layer, model))
            {
                count += rank * (parameter.Shape[0] + parameter.Shape[1]) + (config.Method.UseDora ? parameter.Shape[0] : 0);
            }
        }

        // A head that shares the embedding's table gets an adapter, or a table of its own, where it is named.
        foreach (var head in model.TiedHead)
        {
            count += config.Method.ModulesToSave.Contains(head) ? (long)model.VocabularySize * model.HiddenSize
                : IsTarget(config.Method, head, model) ? rank * (model.VocabularySize + (long)model.HiddenSize) : 0;
        }

        return count;
    }

    /// <summary>Whether the base's linear layers are quantised: as they are read, or in the checkpoint.</summary>
    public static bool HasQuantizedBase(TrainingConfig config, ModelFacts model) => config.Method.FinetuningType == TrainingMethod.Qlora || model.QuantizedBits is not null;

    /// <summary>Parameters of the linear layers that quantisation takes: all but the output head.</summary>
    public static long Quantized(ModelFacts model) => model.Parameters.Where(p => IsQuantized(p, model)).Sum(p => p.Count);

    /// <summary>Whether quantisation takes a parameter.</summary>
    public static bool IsQuantized(ParameterFacts parameter, ModelFacts model) =>
        parameter.Shape.Count == 2 && parameter.Name.EndsWith(".weight", StringComparison.Ordinal)
        && parameter.Name[..^".weight".Length] is var layer && model.IsLinear(layer) && !Heads.Contains(LastWord(layer));

    /// <summary>Whether the output head gets an adapter.</summary>
    public static bool IsOnHead(TrainingConfig config, ModelFacts model) =>
        config.Method.FinetuningType != TrainingMethod.Full
        && model.LinearLayers().Concat(model.TiedHead).Any(l => Heads.Contains(LastWord(l)) && IsTarget(config.Method, l, model));

    /// <summary>Whether a layer gets an adapter.</summary>
    internal static bool IsTarget(MethodConfig method, string layer, ModelFacts model)
    {
        if (method.ExcludeModules.Any(e => layer == e || layer.EndsWith("." + e, StringComparison.Ordinal)))
        {
            return false;
        }

        return method.TargetModules is ["all-linear"]
            ? !Heads.Contains(LastWord(layer)) && model.IsLinear(layer)
            : method.TargetModules.Any(t => TargetModules.Matches(t, method.TargetModules.Count, layer));
    }

    private static string LastWord(string layer) => layer[(layer.LastIndexOf('.') + 1)..];
}
