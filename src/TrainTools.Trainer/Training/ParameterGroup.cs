using TorchSharp;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models;

namespace TrainTools.Trainer.Training;

/// <summary>Parameters that are trained with the same weight decay and learning-rate factor.</summary>
/// <param name="Names">Their names.</param>
/// <param name="Tensors">The parameters, in the order of the names; float32 leaves that require a gradient.</param>
/// <param name="WeightDecay">Decoupled weight decay.</param>
/// <param name="LearningRateFactor">Multiplies the schedule's rate (LoRA+).</param>
public sealed record ParameterGroup(IReadOnlyList<string> Names, IReadOnlyList<torch.Tensor> Tensors, double WeightDecay, double LearningRateFactor = 1)
{
    /// <summary>transformers' two groups: what decays and what does not. Empty groups are left out.</summary>
    /// <param name="model">The model; parameters that do not require a gradient are left alone.</param>
    /// <param name="weightDecay">Decay of the first group.</param>
    public static IReadOnlyList<ParameterGroup> ForModel(PretrainedModel model, double weightDecay)
    {
        ArgumentNullException.ThrowIfNull(model);
        var trained = model.Parameters.Where(p => p.Value.requires_grad).ToList();
        return [.. trained
            .GroupBy(p => !model.NoDecayParameterNames.Contains(p.Key))
            .OrderByDescending(g => g.Key)
            .Select(g => new ParameterGroup([.. g.Select(p => p.Key)], [.. g.Select(p => p.Value)], g.Key ? weightDecay : 0))];
    }

    /// <summary>
    /// The groups of an adapter: what decays and what does not, and for LoRA+ (arXiv 2402.12354) the B matrices apart with
    /// their own learning-rate factor.
    /// </summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="weightDecay">Decay of what decays.</param>
    /// <param name="loraPlusRatio">Factor of the B matrices' rate; null = 1.</param>
    public static IReadOnlyList<ParameterGroup> ForAdapter(AdapterModel adapter, double weightDecay, double? loraPlusRatio = null)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        return [.. adapter.Parameters
            .GroupBy(p => (p.Decays, Factor: p.Name.Contains(".lora_B.", StringComparison.Ordinal) ? loraPlusRatio ?? 1 : 1))
            .OrderByDescending(g => g.Key.Decays).ThenBy(g => g.Key.Factor)
            .Select(g => new ParameterGroup([.. g.Select(p => p.Name)], [.. g.Select(p => p.Value)], g.Key.Decays ? weightDecay : 0, g.Key.Factor))];
    }
}
