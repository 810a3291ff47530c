using TrainTools.Core.Samples;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Bench.Diagnosis;

/// <summary>The real objective, with the faults that concern gradients.</summary>
internal sealed class FaultyObjective(ITrainingObjective inner, Injection run, IReadOnlyList<Tensor> parameters) : ITrainingObjective, IDisposable
{
    private const double LargestFp16 = 65504;
    private int step;

    public void BeginStep(int number)
    {
        step = number;
        inner.BeginStep(number);

        // Parameters that the optimizer does not know keep adding up their gradients, as they do in PyTorch.
        if (run.NotInOptimizer is not null)
        {
            foreach (var parameter in parameters)
            {
                parameter.grad = null;
            }
        }
    }

    public long CountTargets(SampleBatch batch) => inner.CountTargets(batch);

    public LossSums Backward(SampleBatch batch, double scale)
    {
        var own = CountTargets(batch);
        var factor = run.GradientFactor?.Invoke(step, own, (long)Math.Round(1 / scale)) ?? 1;
        var sums = inner.Backward(batch, scale * factor);
        sums = factor == 1 ? sums : sums with { Loss = sums.Loss * factor };
        if (run.Fp16Scale?.Invoke(step) is { } lossScale)
        {
            Overflow(lossScale);
        }

        return sums;
    }

    public LossSums Evaluate(SampleBatch batch) => inner.Evaluate(batch);

    public void Dispose()
    {
        foreach (var parameter in parameters)
        {
            parameter.grad = null;
        }
    }

    private void Overflow(double scale)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        foreach (var parameter in parameters)
        {
            if (parameter.grad is { } gradient)
            {
                gradient.masked_fill_(gradient.abs().gt(LargestFp16 / scale), float.PositiveInfinity);
            }
        }
    }
}
