using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models;

namespace TrainTools.Trainer.Training;

/// <summary>Parameters that are trained with the same weight decay and learning-rate factor.</summary>
/// <param name="Names">Their names.</param>
/// <param name="Tensors">The parameters, in the order of the names; float32 leaves that require a gradient.</param>
/// <param name="WeightDecay">Decoupled weight decay.</param>
/// <param name="LearningRateFactor">Multiplies the schedule's rate (LoRA+, layer-wise decay).</param>
public sealed record ParameterGroup(IReadOnlyList<string> Names, IReadOnlyList<torch.Tensor> Tensors, double WeightDecay, double LearningRateFactor = 1)
{
    /// <summary>transformers' two groups: what decays and what does not. Empty groups are left out.</summary>
    /// <param name="model">The model; parameters that do not require a gradient are left alone.</param>
    /// <param name="weightDecay">Decay of the first group.</param>
    /// <param name="layerDecay">Factor from each layer's rate to that of the layer below it; null = one rate for all.</param>
    public static IReadOnlyList<ParameterGroup> ForModel(PretrainedModel model, double weightDecay, double? layerDecay = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        var none = model.NoDecayParameterNames;
        return [.. model.Parameters.Where(p => p.Value.requires_grad)
            .GroupBy(p => (Decays: !none.Contains(p.Key), Factor: layerDecay is { } factor ? Math.Pow(factor, ModelDepth.FromTop(model, p.Key)) : 1))
            .OrderByDescending(g => g.Key.Decays).ThenByDescending(g => g.Key.Factor)
            .Select(g => new ParameterGroup([.. g.Select(p => p.Key)], [.. g.Select(p => p.Value)], g.Key.Decays ? weightDecay : 0, g.Key.Factor))];
    }

    /// <summary>
    /// The groups of an adapter: what decays and what does not, and for LoRA+ (arXiv 2402.12354) three rates: adapters of
    /// embeddings have their own, B matrices and vectors a multiple of the schedule's. Source: peft 0.20, optimizers/loraplus.py.
    /// </summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="weightDecay">Decay of what decays.</param>
    /// <param name="loraPlus">The rates; null = one for all.</param>
    public static IReadOnlyList<ParameterGroup> ForAdapter(AdapterModel adapter, double weightDecay, LoraPlusRates? loraPlus = null)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        double Factor(AdapterTensor p) => loraPlus is null ? 1
            : p.Name.Contains(".lora_embedding_", StringComparison.Ordinal) ? loraPlus.EmbeddingFactor
            : p.Name.Contains(".lora_B.", StringComparison.Ordinal) || p.Value.dim() == 1 ? loraPlus.Ratio : 1;
        return [.. adapter.Parameters
            .GroupBy(p => (p.Decays, Factor: Factor(p)))
            .OrderByDescending(g => g.Key.Decays).ThenBy(g => g.Key.Factor)
            .Select(g => new ParameterGroup([.. g.Select(p => p.Name)], [.. g.Select(p => p.Value)], g.Key.Decays ? weightDecay : 0, g.Key.Factor))];
    }
}

/// <summary>LoRA+'s learning rates, as factors of the schedule's.</summary>
/// <param name="Ratio">Of B matrices and vectors.</param>
/// <param name="EmbeddingFactor">Of adapters on embeddings.</param>
public sealed record LoraPlusRates(double Ratio, double EmbeddingFactor)
{
    /// <summary>The rates of a run; null where it does not use LoRA+.</summary>
    public static LoraPlusRates? From(TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.Method.LoraplusLrRatio is { } ratio && config.Optimization.LearningRate is > 0 and var rate
            ? new LoraPlusRates(ratio, config.Method.LoraplusLrEmbedding / rate) : null;
    }
}
