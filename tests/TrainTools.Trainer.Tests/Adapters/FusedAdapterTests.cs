using TorchSharp;
using TrainTools.Core.Adapters;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Models.Parts.Fused;
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

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.2)]
    public void GateAndUpMadeAgainAreThoseThatWereThere(double dropout)
    {
        // Enough rows that gate is kept for some of them: against a layer alone in memory, where both are kept for all.
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(Llama);
        using var adapter = AdapterModel.Create(model, AdapterConfigFile.Create(new AdapterSettings { Rank = 4, Dropout = dropout, TargetRegex = AdapterTargets.AllLinear }), 1);
        const string Layer = "model.layers.1.";
        LinearLayer Part(string name) => model.LinearLayers[Layer + "mlp." + name];
        var norm = new RmsNormLayer(model.ParameterSlots.Single(p => p.Name == Layer + "post_attention_layernorm.weight"), 1e-5);
        var branch = new GatedBranch(norm, Part("gate_proj"), Part("up_proj"), Part("down_proj"));
        TorchRandom.Seed(5);
        using (no_grad())
        {
            foreach (var tensor in adapter.Parameters.Select(p => p.Value))
            {
                tensor.normal_(0, 0.1);
            }
        }

        var rows = 3 * (3 << 20) / (4 * Part("gate_proj").OutFeatures);
        var (x, sent) = (randn(1, rows, Part("gate_proj").InFeatures), randn(1, rows, Part("gate_proj").InFeatures));
        var (kept, made) = (Gradients(alone: true), Gradients(alone: false));
        Assert.All(kept.Zip(made), p => Assert.True(p.First.sub(p.Second).norm().ToDouble() <= 1e-5 * p.First.norm().ToDouble()));

        List<Tensor> Gradients(bool alone)
        {
            TorchRandom.Seed(11);
            var input = x.detach().requires_grad_();
            branch.Forward(input, training: true, alone).backward([sent]);
            AutogradGuard.ThrowIfFailed();
            List<Tensor> found = [input.grad!];
            foreach (var parameter in adapter.Parameters.Where(p => p.Name.Contains(Layer + "mlp", StringComparison.Ordinal)))
            {
                found.Add(parameter.Value.grad!.clone());
                parameter.Value.grad = null;
            }

            return found;
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
