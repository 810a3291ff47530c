using System.Text.Json.Nodes;
using TorchSharp;
using TrainTools.Core.Adapters;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Quantization;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Adapters;

/// <summary>What LoraConfig offers beside rank and alpha.</summary>
public sealed class AdapterVariantTests : IDisposable
{
    private static readonly string Models = Path.Combine(AppContext.BaseDirectory, "Data", "models");
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("all", "transformer.h.0.ln_1.bias", true)]
    [InlineData("lora_only", "transformer.h.0.ln_1.bias", false)]
    public void Biases_are_trained_and_saved_under_PEFTs_names(string bias, string other, bool trained)
    {
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "gpt2"));
        using var adapter = AdapterModel.Create(model, Config(new AdapterSettings { Rank = 2, Bias = bias, TargetModules = ["c_attn"], FanInFanOut = true }), 1);
        Fill(adapter);
        var names = adapter.Parameters.Select(p => p.Name).ToList();
        Assert.Contains("base_model.model.transformer.h.0.attn.c_attn.base_layer.bias", names);
        Assert.Equal(trained, names.Contains("base_model.model." + other));
        Assert.Equal(trained, names.Contains("base_model.model.transformer.h.0.mlp.c_fc.bias"));
        Logits(model).sum().backward();
        AutogradGuard.ThrowIfFailed();
        Assert.All(adapter.Parameters, p => Assert.NotNull(p.Value.grad));
        adapter.Save(folder.Path);

        using var grad = no_grad();
        using var again = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "gpt2"));
        using var loaded = AdapterModel.Load(again, folder.Path);
        Assert.Equal(0, Logits(again).sub(Logits(model)).abs().max().ToDouble());
    }

    [Fact]
    public void Adapted_embeddings_and_heads_bring_their_tables_along_as_PEFT_saves_them()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"));
        using var adapter = AdapterModel.Create(model, Config(new AdapterSettings { Rank = 2, TargetModules = ["embed_tokens", "lm_head", "q_proj"] }), 1);
        Fill(adapter);
        adapter.Save(folder.Path);
        using (var file = SafetensorsFile.Open(folder["adapter_model.safetensors"]))
        {
            Assert.True(file.TryGet("base_model.model.model.embed_tokens.base_layer.weight", out _));
            Assert.True(file.TryGet("base_model.model.lm_head.base_layer.weight", out _));
            Assert.False(file.TryGet("base_model.model.model.layers.0.self_attn.q_proj.base_layer.weight", out _));
        }

        // Onto a base whose table was changed: the adapter's own takes its place, and is saved again.
        using var other = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"));
        other.Parameters["model.embed_tokens.weight"].zero_();
        using var loaded = AdapterModel.Load(other, folder.Path);
        Assert.Equal(0, Logits(other).sub(Logits(model)).abs().max().ToDouble());
        loaded.Save(folder["again"]);
        Assert.Equal(File.ReadAllBytes(folder["adapter_model.safetensors"]).Length, File.ReadAllBytes(folder["again/adapter_model.safetensors"]).Length);
    }

    [Theory]
    [InlineData("pissa", false)]
    [InlineData("pissa", true)]
    [InlineData("pissa_niter_8", false)]
    [InlineData("olora", false)]
    public void A_part_of_the_base_becomes_the_adapter_and_is_given_back(string init, bool rslora)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"));
        var before = Logits(model);
        var layer = model.LinearLayers["model.layers.0.self_attn.q_proj"];
        var weight = layer.Weight.Value.clone();
        var settings = new AdapterSettings { Rank = 4, Alpha = 8, TargetModules = ["q_proj", "up_proj"], InitLoraWeights = init, UseRslora = rslora };
        using var adapter = AdapterModel.Create(model, Config(settings), 1);
        Assert.True(Logits(model).sub(before).abs().max().ToDouble() < 1e-4); // the same function
        Assert.True(layer.Weight.Value.sub(weight).norm().ToDouble() > 0.1 * weight.norm().ToDouble());
        if (init != "olora")
        {
            // What is left has the smaller singular values alone.
            var left = linalg.svd(layer.Weight.Value, fullMatrices: false).S;
            var whole = linalg.svd(weight, fullMatrices: false).S;
            Assert.Equal(whole[4].item<float>(), left[0].item<float>(), init == "pissa" ? 1e-3f : 0.1f);
        }

        Fill(adapter);
        var trained = Logits(model);
        adapter.SaveForOriginalBase(folder.Path);
        var config = AdapterConfigFile.Read(folder.Path);
        Assert.Equal((8, "true"), (config.R, config.InitLoraWeights));
        Assert.Equal(adapter.Config.ScaleOf(layer.Name), config.ScaleOf(layer.Name), 1e-12);

        using var plain = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"));
        using var loaded = AdapterModel.Load(plain, folder.Path);
        Assert.True(Logits(plain).sub(trained).abs().max().ToDouble() < 1e-4 * Math.Max(1, trained.abs().max().ToDouble()));
        adapter.Dispose();
        Assert.True(layer.Weight.Value.sub(weight).abs().max().ToDouble() < 1e-5);
    }

    [Fact]
    public void A_saved_PiSSA_adapter_takes_the_same_part_from_its_base_again()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"));
        using var adapter = AdapterModel.Create(model, Config(new AdapterSettings { Rank = 4, TargetModules = ["q_proj"], InitLoraWeights = "pissa" }), 1);
        Fill(adapter);
        adapter.Save(folder.Path);
        using var again = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"));
        using var loaded = AdapterModel.Load(again, folder.Path);
        Assert.True(Logits(again).sub(Logits(model)).abs().max().ToDouble() < 1e-5);
    }

    [Fact]
    public void Starts_that_cannot_be_are_refused()
    {
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"), new PretrainedModelOptions { Quantization = new WeightQuantization() });
        Assert.Equal(ErrorIds.AdapterTypeUnsupported, Error(model, new AdapterSettings { TargetModules = ["q_proj"], InitLoraWeights = "pissa" }));
        Assert.Equal(ErrorIds.AdapterConfigInvalid, Error(model, new AdapterSettings { TargetModules = ["q_proj"], InitLoraWeights = "best" }));
        Assert.Equal(ErrorIds.AdapterConfigInvalid, Error(model, new AdapterSettings { TargetModules = ["q_proj"], InitLoraWeights = "olora", UseDora = true }));
        using var floats = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"));
        Assert.Equal(ErrorIds.AdapterTypeUnsupported, Error(floats, new AdapterSettings { Rank = 4096, TargetModules = ["q_proj"], InitLoraWeights = "pissa" }));
        Assert.All(floats.LinearLayers.Values, l => Assert.Null(l.Adapter));
        using var adapter = AdapterModel.Create(floats, Config(new AdapterSettings { Rank = 2, TargetModules = ["q_proj"] }), 1);
        adapter.Config.Json["init_lora_weights"] = "corda";
        adapter.Save(folder.Path);
        Assert.Equal(ErrorIds.AdapterTypeUnsupported, Assert.Throws<TrainToolsException>(() => AdapterModel.Load(floats, folder.Path)).ErrorId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Adapters_in_float32_over_a_half_precision_layer_get_float32_gradients_near_the_exact_ones(bool dropout)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        Tensor Random(params long[] shape) => randn(shape, ScalarType.Float32, generator: generator).to_type(ScalarType.BFloat16);
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"), new PretrainedModelOptions { ParameterType = ScalarType.BFloat16 });
        var layer = model.LinearLayers["model.layers.0.mlp.up_proj"];
        var x = Random(16, layer.InFeatures).requires_grad_();
        var (a, b) = (Random(4, layer.InFeatures).to_type(ScalarType.Float32).requires_grad_(), Random(layer.OutFeatures, 4).to_type(ScalarType.Float32).requires_grad_());
        var mask = dropout ? rand([16, layer.InFeatures], ScalarType.Float32, generator: generator).gt(0.3) : null;
        var sent = Random(16, layer.OutFeatures);
        var ours = LoraFunction.Apply(new DenseProduct(layer), x, mask is null ? null : new DrawnMask(mask), a, b, null, 0.5);
        Assert.Equal(ScalarType.BFloat16, ours.dtype);
        ours.backward([sent]);
        AutogradGuard.ThrowIfFailed();

        var wide = x.detach().to_type(ScalarType.Float32).requires_grad_();
        var (wideA, wideB) = (a.detach().clone().requires_grad_(), b.detach().clone().requires_grad_());
        var dropped = mask is null ? wide : wide.mul(mask);
        var exact = nn.functional.linear(wide, layer.Weight.Value.to_type(ScalarType.Float32))
            .add(nn.functional.linear(nn.functional.linear(dropped, wideA), wideB).mul(0.5));
        exact.backward([sent.to_type(ScalarType.Float32)]);
        Assert.Equal((ScalarType.Float32, ScalarType.Float32, ScalarType.BFloat16), (a.grad!.dtype, b.grad!.dtype, x.grad!.dtype));
        foreach (var (near, far) in new[] { (ours, exact), (a.grad!, wideA.grad!), (b.grad!, wideB.grad!), (x.grad!, wide.grad!) })
        {
            Assert.True(near.to_type(ScalarType.Float32).sub(far).norm().ToDouble() < 0.01 * far.norm().ToDouble());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Recomputed_layers_give_adapters_the_same_gradients(bool quantized)
    {
        using var scope = NewDisposeScope();
        var plain = Gradients(ScalarType.Float32, quantized);
        var recomputed = Gradients(ScalarType.Float32, quantized, new RecomputingLayers(42));
        Assert.All(recomputed, p => Assert.True(p.Value.sub(plain[p.Key]).norm().ToDouble() <= 1e-5 * plain[p.Key].norm().ToDouble(), p.Key));
    }

    [Fact]
    public void DoRA_on_a_quantised_base_computes_what_it_computes_on_the_dequantised_one()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "gpt2"), new PretrainedModelOptions { Quantization = new WeightQuantization() });
        using var copy = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "gpt2"), new PretrainedModelOptions { Quantization = new WeightQuantization() });
        QuantizedBase.Dequantize(copy, ScalarType.Float32);
        var logits = new[] { model, copy }.Select(m =>
        {
            var adapter = AdapterModel.Create(m, Config(new AdapterSettings { Rank = 2, TargetRegex = AdapterTargets.AllLinear, UseDora = true, FanInFanOut = true }), 1);
            Fill(adapter);
            return Logits(m);
        }).ToList();
        Assert.True(logits[0].sub(logits[1]).abs().max().ToDouble() < 1e-4);
    }

    [Fact]
    public void LoRA_plus_gives_B_and_vectors_a_multiple_and_embeddings_their_own_rate()
    {
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "gpt2"));
        using var adapter = AdapterModel.Create(model, Config(new AdapterSettings { Rank = 2, Bias = "all", TargetModules = ["c_attn", "wte"], FanInFanOut = true }), 1);
        var config = new TrainingConfig
        {
            Method = new MethodConfig { FinetuningType = TrainingMethod.Lora, LoraplusLrRatio = 16, LoraplusLrEmbedding = 1e-6 },
            Optimization = new OptimizationConfig { LearningRate = 2e-4 },
        };
        var groups = ParameterGroup.ForAdapter(adapter, 0.01, LoraPlusRates.From(config));
        double Factor(string end) => groups.Single(g => g.Names.Any(n => n.EndsWith(end, StringComparison.Ordinal))).LearningRateFactor;
        Assert.Equal(1, Factor("h.0.attn.c_attn.lora_A.weight"));
        Assert.Equal(16, Factor("h.0.attn.c_attn.lora_B.weight"));
        Assert.Equal(16, Factor("h.0.ln_1.bias"));
        Assert.Equal(1e-6 / 2e-4, Factor("wte.lora_embedding_A"), 1e-12);
        Assert.Equal(0, groups.Single(g => g.Names.Any(n => n.EndsWith("ln_1.bias", StringComparison.Ordinal))).WeightDecay);
        Assert.Equal(adapter.Parameters.Count, groups.Sum(g => g.Names.Count));
        Assert.Null(LoraPlusRates.From(config with { Method = new MethodConfig() }));
    }

    [Fact]
    public void One_B_that_was_frozen_by_mistake_is_found_by_name()
    {
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"));
        using var adapter = AdapterModel.Create(model, Config(new AdapterSettings { Rank = 2, TargetModules = ["q_proj", "v_proj"], InitLoraWeights = "false" }), 1);
        var frozen = adapter.Parameters.Single(p => p.Name.Contains("layers.1.self_attn.v_proj.lora_B", StringComparison.Ordinal));
        frozen.Value.requires_grad_(false);
        var trained = adapter.Parameters.Where(p => p.Value.requires_grad).ToList();
        using var optimizer = new AdamW([new ParameterGroup([.. trained.Select(p => p.Name)], [.. trained.Select(p => p.Value)], 0)]);
        Logits(model).square().mean().backward();
        AutogradGuard.ThrowIfFailed();
        optimizer.Step(1e-2);
        var error = Assert.Throws<TrainToolsException>(() => AdapterAcceptance.Check(adapter, () => Logits(model)));
        Assert.Equal(ErrorIds.AdapterDead, error.ErrorId);
        Assert.Contains("1 of 4", error.Message, StringComparison.Ordinal);
        Assert.Contains(frozen.Name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_of_a_run_reach_the_adapters_config()
    {
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"));
        var config = new TrainingConfig
        {
            Method = new MethodConfig
            {
                FinetuningType = TrainingMethod.Lora,
                LoraR = 4,
                TargetModules = ["q_proj", "k_proj", "v_proj"],
                ExcludeModules = ["k_proj"],
                RankPattern = ["v_proj=2"],
                AlphaPattern = ["v_proj=6"],
                LayersToTransform = ["1"],
                LayersPattern = ["layers"],
                InitLoraWeights = "gaussian",
                Bias = "lora_only",
            },
        };
        using var adapter = AdapterFactory.Create(model, config);
        Assert.Equal(["model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.v_proj"], adapter.Modules);
        Assert.Equal((2, 3.0), (adapter.Config.RankOf(adapter.Modules[1]), adapter.Config.ScaleOf(adapter.Modules[1])));
        Assert.Equal(("gaussian", "lora_only"), (adapter.Config.InitLoraWeights, adapter.Config.Bias));

        Assert.Equal("rank_pattern", Wrong(config.Method with { RankPattern = ["v_proj"] }));
        Assert.Equal("rank_pattern", Wrong(config.Method with { RankPattern = ["v_proj=1.5"] }));
        Assert.Equal("alpha_pattern", Wrong(config.Method with { AlphaPattern = ["v_proj=-1"] }));
        Assert.Equal("layers_to_transform", Wrong(config.Method with { LayersToTransform = ["first"] }));
        Assert.Equal("quantization_bit", Wrong(config.Method with { QuantizationBit = 5 }));
        string? Wrong(MethodConfig method) => Assert.Throws<TrainToolsException>(() => AdapterFactory.Create(model, config with { Method = method })).Target;
    }

    private static string Error(CausalLanguageModel model, AdapterSettings settings) =>
        Assert.Throws<TrainToolsException>(() => AdapterModel.Create(model, Config(settings), 1)).ErrorId;

    private static Dictionary<string, Tensor> Gradients(ScalarType compute, bool quantized = false, RecomputingLayers? recomputing = null)
    {
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"), new PretrainedModelOptions
        {
            ParameterType = compute,
            ComputeType = compute,
            Quantization = quantized ? new WeightQuantization() : null,
        });
        using var adapter = AdapterModel.Create(model, Config(new AdapterSettings { Rank = 4, TargetRegex = AdapterTargets.AllLinear }), 1);
        Fill(adapter);
        model.LayerRunner = recomputing;
        recomputing?.BeginStep(1);
        var hidden = model.HiddenStates(new ModelInput { InputIds = tensor(new long[] { 3, 17, 5, 9, 11, 2, 30, 4 }).unsqueeze(0), Training = true });
        model.Logits(hidden, training: true).to_type(ScalarType.Float32).square().mean().backward();
        recomputing?.Backward();
        AutogradGuard.ThrowIfFailed();
        return adapter.Parameters.ToDictionary(p => p.Name, p => p.Value.grad!.clone(), StringComparer.Ordinal);
    }

    private static void Fill(AdapterModel adapter)
    {
        using var grad = no_grad();
        using var generator = new Generator(7);
        foreach (var p in adapter.Parameters)
        {
            using var noise = randn(p.Value.shape, ScalarType.Float32, generator: generator).mul_(0.05);
            p.Value.add_(noise);
        }
    }

    private static Tensor Logits(CausalLanguageModel model) =>
        model.Logits(model.HiddenStates(new ModelInput { InputIds = tensor(new long[] { 3, 17, 5, 9, 11, 2, 30, 4 }).unsqueeze(0) }));

    private static AdapterConfigFile Config(AdapterSettings settings) => AdapterConfigFile.Create(settings);
}
