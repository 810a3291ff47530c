using TorchSharp;
using TrainTools.Core.Training;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>
/// Gradient checkpointing: of each layer only the input is kept, and the layer is computed again when its gradient is due.
/// The graph is cut between layers and the backward pass goes through them one by one from here, rather than from inside a
/// custom autograd function, where an exception would end the process. One layer's activations exist at a time.
/// </summary>
/// <param name="seed">The run's seed: dropout is the same both times a layer is computed.</param>
public sealed class RecomputingLayers(long seed) : ILayerRunner
{
    private readonly List<Segment> segments = [];
    private SeededRandom random = new(seed, RandomPurpose.Dropout);
    private Tensor? embedded;

    /// <summary>Starts an optimizer step.</summary>
    public void BeginStep(int step) => random = new SeededRandom(seed, RandomPurpose.Dropout, step);

    /// <inheritdoc/>
    public Tensor Run(int layer, Func<Tensor, Tensor> forward, Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(hidden);
        if (!is_grad_enabled())
        {
            return forward(hidden);
        }

        var first = segments.Count == 0;
        embedded = first ? hidden.alias().DetachFromDisposeScope() : embedded;
        var input = first ? Leaf(hidden) : segments[^1].Output;
        var layerSeed = unchecked((long)random.NextUInt64());
        TorchRandom.Seed(layerSeed);
        Tensor output;
        using (no_grad())
        {
            output = forward(input);
        }

        var leaf = Leaf(output);
        segments.Add(new Segment(forward, input, leaf, layerSeed));
        return leaf.alias();
    }

    /// <summary>
    /// The rest of the backward pass, after the one that reached the last layer's output. Forgets the layers.
    /// </summary>
    public void Backward()
    {
        try
        {
            AutogradGuard.ThrowIfFailed();
            for (var i = segments.Count - 1; i >= 0; i--)
            {
                using var scope = NewDisposeScope();
                var segment = segments[i];
                TorchRandom.Seed(segment.Seed);
                segment.Forward(segment.Input).backward([segment.Output.grad!]);

                // What a node failed with, before its missing gradient is missed.
                AutogradGuard.ThrowIfFailed();
                segment.Output.Dispose();
            }

            if (segments.Count > 0 && embedded is { requires_grad: true })
            {
                using var scope = NewDisposeScope();
                embedded.backward([segments[0].Input.grad!]);
            }
        }
        finally
        {
            Forget();
        }
    }

    /// <summary>Lets go of what a failed pass kept.</summary>
    public void Forget()
    {
        foreach (var segment in segments)
        {
            segment.Input.Dispose();
            segment.Output.Dispose();
        }

        segments.Clear();
        embedded?.Dispose();
        embedded = null;
    }

    private static Tensor Leaf(Tensor tensor)
    {
        using (tensor)
        {
            return tensor.detach().requires_grad_().DetachFromDisposeScope();
        }
    }

    private sealed record Segment(Func<Tensor, Tensor> Forward, Tensor Input, Tensor Output, long Seed);
}
