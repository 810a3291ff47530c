using TorchSharp;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Training;

/// <summary>Constants of AdamW.</summary>
/// <param name="Beta1">Decay rate of the first moment.</param>
/// <param name="Beta2">Decay rate of the second moment.</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
public sealed record AdamWOptions(double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8);

/// <summary>
/// AdamW (Loshchilov and Hutter) over libtorch's fused operator: one call a group updates every parameter in place,
/// without temporaries; moments are float32 like the parameters. A parameter without a gradient is left as it is.
/// </summary>
public sealed class AdamW : IDisposable
{
    private readonly IReadOnlyList<ParameterGroup> groups;
    private readonly AdamWOptions options;
    private readonly List<Slot[]> slots = [];

    /// <summary>Makes the optimizer, moments zero.</summary>
    public AdamW(IReadOnlyList<ParameterGroup> groups, AdamWOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(groups);
        this.groups = groups;
        this.options = options ?? new AdamWOptions();
        foreach (var group in groups)
        {
            slots.Add([.. group.Tensors.Select((t, i) => new Slot(group.Names[i], t))]);
        }
    }

    /// <summary>The groups.</summary>
    public IReadOnlyList<ParameterGroup> Groups => groups;

    /// <summary>
    /// State by name, as torch's optimizers call it: exp_avg.NAME, exp_avg_sq.NAME and step.NAME for every parameter. The
    /// tensors are the optimizer's own: copy into them to restore.
    /// </summary>
    public IEnumerable<KeyValuePair<string, torch.Tensor>> State =>
        slots.SelectMany(s => s).SelectMany(s => (KeyValuePair<string, torch.Tensor>[])
        [
            new("exp_avg." + s.Name, s.FirstMoment),
            new("exp_avg_sq." + s.Name, s.SecondMoment),
            new("step." + s.Name, s.Step),
        ]);

    /// <summary>Sets every gradient to none, so that the first backward pass keeps its result instead of adding to zeros.</summary>
    public void ClearGradients()
    {
        foreach (var slot in slots.SelectMany(s => s))
        {
            slot.Parameter.grad = null;
        }
    }

    /// <summary>The gradients there are; the tensors belong to the caller's scope.</summary>
    public torch.Tensor[] Gradients() => [.. slots.SelectMany(s => s).Select(s => s.Parameter.grad).OfType<torch.Tensor>()];

    /// <summary>One update.</summary>
    /// <param name="learningRate">The rate of this update.</param>
    /// <param name="gradientDivisor">Scalar tensor the gradients are divided by first (clipping, loss scale); null = none.</param>
    public void Step(double learningRate, torch.Tensor? gradientDivisor = null)
    {
        using var grad = torch.no_grad();
        for (var i = 0; i < groups.Count; i++)
        {
            using var scope = torch.NewDisposeScope();
            var gradients = new List<torch.Tensor>(slots[i].Length);
            var used = new List<Slot>(slots[i].Length);
            foreach (var slot in slots[i])
            {
                if (slot.Parameter.grad is { } gradient)
                {
                    gradients.Add(gradient);
                    used.Add(slot);
                }
            }

            if (used.Count > 0)
            {
                TorchOps.FusedAdamW(
                    [.. used.Select(s => s.Parameter)], [.. gradients], [.. used.Select(s => s.FirstMoment)], [.. used.Select(s => s.SecondMoment)], [.. used.Select(s => s.Step)],
                    learningRate * groups[i].LearningRateFactor, options.Beta1, options.Beta2, groups[i].WeightDecay, options.Epsilon, gradientDivisor);
            }
        }
    }

    /// <summary>Frees the state.</summary>
    public void Dispose()
    {
        foreach (var slot in slots.SelectMany(s => s))
        {
            slot.FirstMoment.Dispose();
            slot.SecondMoment.Dispose();
            slot.Step.Dispose();
        }

        slots.Clear();
    }

    private sealed class Slot(string name, torch.Tensor parameter)
    {
        public string Name { get; } = name;

        public torch.Tensor Parameter { get; } = parameter;

        public torch.Tensor FirstMoment { get; } = Zeros(parameter.shape, parameter.device);

        public torch.Tensor SecondMoment { get; } = Zeros(parameter.shape, parameter.device);

        public torch.Tensor Step { get; } = Zeros([], parameter.device);

        private static torch.Tensor Zeros(long[] shape, torch.Device device) =>
            torch.zeros(shape, torch.ScalarType.Float32, device).DetachFromDisposeScope();
    }
}
