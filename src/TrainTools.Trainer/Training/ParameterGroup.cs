using TorchSharp;
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
}
