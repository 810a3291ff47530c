using TorchSharp;
using TrainTools.Core.Adapters;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Quantization;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Adapters;

/// <summary>Gradients of adapters inside the fused nodes, against differences of the loss: the masks that backward makes again must be those of the forward pass.</summary>
public sealed class FusedAdapterTests
{
    private static readonly string Llama = Path.Combine(AppContext.BaseDirectory, "Data", "models", "llama");

    [Theory]
    [InlineData(0.0, false)]
    [InlineData(0.3, false)]
    [InlineData(0.3, true)]
    public void GradientsAreTheSlopesOfTheLoss(double dropout, bool quantized)
    {
        using var scope = NewDisposeScope();
        var options = new PretrainedModelOptions { Quantization = quantized ? new WeightQuantization() : null };
        using var model = PretrainedModelLoader.LoadCausal(Llama, options);
        using var adapter = AdapterModel.Create(model, AdapterConfigFile.Create(new AdapterSettings { Rank = 4, Dropout = dropout, TargetRegex = AdapterTargets.AllLinear }), 1);
        TorchRandom.Seed(5);
        using (no_grad())
        {
            foreach (var tensor in adapter.Parameters.Select(p => p.Value))
            {
                tensor.normal_(0, 0.1);
            }
        }

        var loss = Loss(model);
        loss.backward();
        AutogradGuard.ThrowIfFailed();
        foreach (var parameter in adapter.Parameters)
        {
            var (name, tensor) = (parameter.Name, parameter.Value.detach());
            // Along the gradient the slope is its length.
            var gradient = parameter.Value.grad!;
            var length = gradient.norm().ToDouble();
            Assert.True(length > 0, name);
            var step = gradient.mul(1e-2 / length);
            tensor.add_(step);
            var above = Loss(model).ToDouble();
            tensor.sub_(step.mul(2));
            var below = Loss(model).ToDouble();
            tensor.add_(step);
            Assert.Equal(1, (above - below) / (2 * 1e-2) / length, 0.03);
        }
    }

    private static Tensor Loss(CausalLanguageModel model)
    {
        TorchRandom.Seed(11);
        var ids = arange(3, 51, ScalarType.Int64).view(2, 24);
        var logits = model.Logits(model.HiddenStates(new ModelInput { InputIds = ids, Training = true }));
        return nn.functional.cross_entropy(logits.narrow(1, 0, 23).flatten(0, 1), ids.narrow(1, 1, 23).flatten());
    }
}
