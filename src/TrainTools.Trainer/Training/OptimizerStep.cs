using TorchSharp;
using TrainTools.Core.Samples;
using TrainTools.Core.Training;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Backend;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>What one optimizer step came to.</summary>
/// <param name="Loss">Mean loss over the window's targets, before the update; NaN where there was none.</param>
/// <param name="GradNorm">Global L2 norm of the gradient before clipping.</param>
/// <param name="Accuracy">Share of targets predicted right.</param>
/// <param name="Targets">Targets of the window.</param>
/// <param name="Clipped">Whether the gradient was scaled down.</param>
/// <param name="Updated">Whether the parameters changed: not where the gradient was not finite, or there was no target.</param>
public readonly record struct StepOutcome(double Loss, double GradNorm, double Accuracy, long Targets, bool Clipped, bool Updated)
{
    /// <summary>What the probe saw; null where it did not look.</summary>
    public StepSignals? Signals { get; init; }
}

/// <summary>One optimizer step: the whole of training on one screen.</summary>
/// <param name="objective">From batches to gradients.</param>
/// <param name="optimizer">From gradients to parameters.</param>
/// <param name="maxGradNorm">Largest norm; 0 = no clipping.</param>
/// <param name="seed">The run's seed; dropout's is derived from it and the step.</param>
/// <param name="scaler">Loss scale of float16; null = none.</param>
/// <param name="probe">Looks into some of the steps; null = none.</param>
/// <param name="partTokens">Tokens of a micro-batch that are computed at a time (<see cref="TrainedWeights.PartTokens"/>); null = all of them.</param>
public sealed class OptimizerStep(
    ITrainingObjective objective, AdamW optimizer, double maxGradNorm, long seed, LossScaler? scaler = null, StepProbe? probe = null, int? partTokens = null)
{
    /// <summary>What of a micro-batch is computed at a time.</summary>
    public IReadOnlyList<SampleBatch> Parts(SampleBatch batch) => partTokens is { } tokens ? BatchParts.Of(batch, tokens) : [batch];

    /// <summary>Runs the window's micro-batches and updates the parameters once.</summary>
    public StepOutcome Run(StepBatches window, double learningRate)
    {
        ArgumentNullException.ThrowIfNull(window);
        using var threads = objective.IsCompact ? WorkerThreads.Alone() : null;
        using var scope = NewDisposeScope();
        TorchRandom.Seed(unchecked((long)SeededRandom.Derive(seed, RandomPurpose.Dropout, window.Step)));
        objective.BeginStep(window.Step);
        optimizer.ClearGradients();
        probe?.Begin(window.Step);

        // Every target of the window weighs the same, in whichever micro-batch it stands.
        var targets = window.Batches.Sum(objective.CountTargets);
        var weight = window.Batches.Sum(objective.Weight);
        var scale = (scaler?.Scale ?? 1) / (weight > 0 ? weight : 1);
        var sums = new List<LossSums>(window.Batches.Count);
        var isFirst = window.Batches.Count > 1;
        foreach (var batch in window.Batches.Where(b => objective.CountTargets(b) > 0))
        {
            sums.AddRange(Parts(batch).Where(p => objective.CountTargets(p) > 0).Select(p => objective.Backward(p, scale)));
            if (isFirst)
            {
                probe?.AfterFirstBatch(objective.Weight(batch) / weight, scaler?.Scale ?? 1);
                isFirst = false;
            }
        }

        AutogradGuard.ThrowIfFailed();
        if (sums.Count == 0)
        {
            return new StepOutcome(double.NaN, 0, double.NaN, 0, false, false);
        }

        var loss = sums.Sum(s => s.Loss.ToDouble()) / weight;
        var accuracy = sums.Sum(s => s.Correct.ToInt64()) / (double)targets;
        var norm = TorchOps.GlobalNorm(optimizer.Gradients()).ToDouble() / (scaler?.Scale ?? 1);

        // The rule of torch's clip_grad_norm_, done by the optimizer in the pass that reads the gradients anyway.
        var clip = maxGradNorm > 0 ? Math.Min(1, maxGradNorm / (norm + 1e-6)) : 1;
        var finite = double.IsFinite(norm);
        probe?.BeforeUpdate(norm, scaler?.Scale ?? 1);
        if (finite)
        {
            var divisor = (scaler?.Scale ?? 1) / clip;
            optimizer.Step(learningRate, divisor == 1 ? null : tensor((float)divisor, device: sums[0].Loss.device));
            probe?.AfterUpdate();
        }

        scaler?.Update(finite);
        return new StepOutcome(loss, norm, accuracy, targets, clip < 1, finite) { Signals = probe?.Signals };
    }
}
