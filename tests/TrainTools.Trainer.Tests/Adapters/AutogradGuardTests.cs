using TorchSharp;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Adapters;

public sealed class AutogradGuardTests
{
    private static readonly string Llama = Path.Combine(AppContext.BaseDirectory, "Data", "models", "llama");

    [Fact]
    public void A_pass_leaves_none_of_its_gradients_behind_however_many_nodes_it_has()
    {
        // What is made once only, or was left by other tests, goes with the first pass. What each node has kept (its input) goes with it.
        Left(2);
        Assert.Equal(Left(4) + 4, Left(24) + 24);
    }

    // Tensors more after the backward pass of a chain of adapters than before it, in the scope of whoever called it.
    private static long Left(int nodes)
    {
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(Llama);
        var product = new DenseProduct(model.LinearLayers["model.layers.0.self_attn.q_proj"]);
        var size = model.LinearLayers["model.layers.0.self_attn.q_proj"].InFeatures;
        var (a, b) = (randn(2, size).requires_grad_(), randn(size, 2).requires_grad_());
        var x = randn(3, size).requires_grad_();
        for (var i = 0; i < nodes; i++)
        {
            x = LoraFunction.Apply(product, x, null, a, b, null, 0.1);
        }

        using var loss = x.sum();

        // What other tests left to the collector would be counted as gone; what goes may hold more that can go then.
        long before;
        do
        {
            before = Tensor.TotalCount;
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        while (Tensor.TotalCount != before);

        // Nothing is collected meanwhile: what goes, goes by the pass.
        var held = GC.TryStartNoGCRegion(16 << 20);
        loss.backward();
        AutogradGuard.ThrowIfFailed();
        var left = Tensor.TotalCount - before;
        if (held && System.Runtime.GCSettings.LatencyMode == System.Runtime.GCLatencyMode.NoGCRegion)
        {
            GC.EndNoGCRegion();
        }

        return left;
    }
}
