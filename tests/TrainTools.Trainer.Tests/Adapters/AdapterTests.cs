using System.Text.Json.Nodes;
using TorchSharp;
using TrainTools.Core.Adapters;
using TrainTools.Core.Errors;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Adapters;

public sealed class AdapterTests
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "Data");
    private static readonly string Llama = Path.Combine(Data, "models", "llama");
    private static readonly string Tied = Path.Combine(Data, "models", "llama_tied_rope3");

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    public void One_node_gives_the_gradients_of_the_formula_written_out(double dropout)
    {
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(Llama);
        var layer = model.LinearLayers["model.layers.0.mlp.up_proj"];
        var x = randn(6, layer.InFeatures).requires_grad_();
        var a = randn(4, layer.InFeatures).requires_grad_();
        var b = randn(layer.OutFeatures, 4).requires_grad_();
        var weight = randn(6, layer.OutFeatures);
        var kept = rand(6, layer.InFeatures).gt(dropout);
        var mask = kept.to_type(ScalarType.Float32).div(1 - dropout);
        var parts = new[] { x, a, b };

        var ours = LoraFunction.Apply(new DenseProduct(layer), x, dropout > 0 ? new DrawnMask(kept) : null, a, b, null, dropout > 0 ? 0.7 / (1 - dropout) : 0.7);
        ours.mul(weight).sum().backward();
        AutogradGuard.ThrowIfFailed();
        var gradients = parts.Select(p => p.grad!.clone()).ToList();
        foreach (var part in parts)
        {
            part.grad = null;
        }

        var plain = nn.functional.linear(x, layer.Weight.Value)
            .add(nn.functional.linear(nn.functional.linear(dropout > 0 ? x.mul(mask) : x, a), b).mul(0.7));
        plain.mul(weight).sum().backward();
        Assert.True(ours.sub(plain).abs().max().ToDouble() < 1e-4);
        Assert.All(parts.Zip(gradients), p => Assert.True(p.First.grad!.sub(p.Second).abs().max().ToDouble() < 1e-3));
        Assert.Null(layer.Weight.Value.grad);
    }

    [Fact]
    public void An_exception_inside_backward_is_thrown_after_it_and_the_process_lives()
    {
        using var scope = NewDisposeScope();
        var x = randn(2, 3).requires_grad_();
        FrozenLinearFunction.Apply(new Failing(), x).sum().backward();
        Assert.Equal("no memory", Assert.Throws<InvalidOperationException>(AutogradGuard.ThrowIfFailed).Message);
        AutogradGuard.ThrowIfFailed();
    }

    [Fact]
    public void A_new_adapter_leaves_the_function_as_it_is()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(Llama);
        var before = Logits(model);
        using var adapter = AdapterModel.Create(model, Config(), 1);
        Assert.Equal(0, Logits(model).sub(before).abs().max().ToDouble());
        Assert.All(adapter.Parameters.Where(p => p.Name.Contains("lora_A", StringComparison.Ordinal)), p =>
        {
            // Kaiming-uniform with a = √5: bound 1/√in, deviation bound/√3.
            var bound = 1 / Math.Sqrt(p.Value.shape[1]);
            Assert.True(p.Value.abs().max().ToDouble() <= bound);
            Assert.InRange(p.Value.std().ToDouble(), 0.8 * bound / Math.Sqrt(3), 1.2 * bound / Math.Sqrt(3));
        });
    }

    [Fact]
    public void A_tied_head_that_is_saved_is_untied_and_not_merged()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(Tied);
        using var adapter = AdapterModel.Create(model, Config(c => c["modules_to_save"] = new JsonArray("lm_head")), 1);
        var head = Assert.Single(adapter.Parameters, p => p.Name == "base_model.model.lm_head.weight");
        var embedded = model.EmbeddingLayers["model.embed_tokens"].Weight.Value.clone();
        head.Value.zero_();
        Assert.Equal(0, Logits(model).abs().max().ToDouble());
        Assert.True(embedded.equal(model.EmbeddingLayers["model.embed_tokens"].Weight.Value).all().item<bool>());
        Assert.False(adapter.CanMerge);
        Assert.Equal(ErrorIds.AdapterMergeUnsupported, Assert.Throws<TrainToolsException>(adapter.Merge).ErrorId);
    }

    [Fact]
    public void An_adapted_embedding_trains_saves_and_merges()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = PretrainedModelLoader.LoadCausal(Llama);
        using var adapter = AdapterModel.Create(model, Config(c => c["target_modules"] = new JsonArray("embed_tokens", "q_proj")), 1);
        using (no_grad())
        {
            foreach (var p in adapter.Parameters)
            {
                p.Value.normal_(0, 0.1);
            }
        }

        Logits(model).sum().backward();
        AutogradGuard.ThrowIfFailed();
        Assert.All(adapter.Parameters, p => Assert.True(p.Value.grad!.abs().sum().ToDouble() > 0, p.Name));
        adapter.Save(folder.Path);
        Assert.Contains(adapter.Parameters, p => p.Name == "base_model.model.model.embed_tokens.lora_embedding_A");

        using var grad = no_grad();
        var on = Logits(model);
        using var other = PretrainedModelLoader.LoadCausal(Llama);
        var loaded = AdapterModel.Load(other, folder.Path);
        Assert.Equal(0, Logits(other).sub(on).abs().max().ToDouble());
        loaded.Merge();
        Assert.True(Logits(other).sub(on).abs().max().ToDouble() < 1e-4);
    }

    [Fact]
    public void Targets_that_match_nothing_list_the_names_there_are()
    {
        using var model = PretrainedModelLoader.LoadCausal(Llama);
        var error = Assert.Throws<TrainToolsException>(() => AdapterModel.Create(model, Config(c => c["target_modules"] = new JsonArray("query_key_value")), 1));
        Assert.Equal(ErrorIds.AdapterTargetsNotFound, error.ErrorId);
        Assert.Contains("query_key_value", error.Message, StringComparison.Ordinal);
        Assert.Contains("q_proj, k_proj, v_proj, o_proj", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Targets_that_are_all_saved_are_told_so()
    {
        using var model = PretrainedModelLoader.LoadCausal(Llama);
        var error = Assert.Throws<TrainToolsException>(() => AdapterModel.Create(
            model, Config(c => { c["target_modules"] = new JsonArray("q_proj"); c["modules_to_save"] = new JsonArray("q_proj"); }), 1));
        Assert.Contains("(q_proj) is among modules_to_save", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_of_another_base_names_the_tensor_and_both_shapes()
    {
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Data, "models", "qwen2"));
        var error = Assert.Throws<TrainToolsException>(() => AdapterModel.Load(model, Path.Combine(Data, "lora", "gpt2_lora", "trained")));
        Assert.Equal(ErrorIds.AdapterBaseMismatch, error.ErrorId);
        Assert.Contains("none of its target_modules (", error.Message, StringComparison.Ordinal);
        Assert.Contains("c_attn", error.Message, StringComparison.Ordinal);
        Assert.Contains("lora_A.weight' is one of its tensors, and the base (qwen2) has q_proj, k_proj", error.Message, StringComparison.Ordinal);
        Assert.All(model.LinearLayers.Values, l => Assert.Null(l.Adapter));

        using var other = PretrainedModelLoader.LoadCausal(Path.Combine(Data, "models", "qwen3"));
        error = Assert.Throws<TrainToolsException>(() => AdapterModel.Load(other, Path.Combine(Data, "lora", "llama_lora", "trained")));
        Assert.Equal(ErrorIds.AdapterBaseMismatch, error.ErrorId);
        Assert.Contains("but the base asks for [", error.Message, StringComparison.Ordinal);
        Assert.All(other.LinearLayers.Values, l => Assert.Null(l.Adapter));

        using var llama = PretrainedModelLoader.LoadCausal(Llama);
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(Data, "lora", "llama_lora", "trained", "adapter_model.safetensors"), folder["adapter_model.safetensors"]);
        Config(c => c["target_modules"] = new JsonArray("q_proj")).Write(folder.Path);
        error = Assert.Throws<TrainToolsException>(() => AdapterModel.Load(llama, folder.Path));
        Assert.Contains("no place for", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_adapter_file_is_refused()
    {
        using var model = PretrainedModelLoader.LoadCausal(Llama);
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(Path.Combine(Data, "lora", "llama_lora", "trained", "adapter_model.safetensors"));
        File.WriteAllBytes(folder["adapter_model.safetensors"], bytes[..(bytes.Length / 2)]);
        File.Copy(Path.Combine(Data, "lora", "llama_lora", "trained", "adapter_config.json"), folder["adapter_config.json"]);
        Assert.Equal(ErrorIds.SafetensorsTruncated, Assert.Throws<TrainToolsException>(() => AdapterModel.Load(model, folder.Path)).ErrorId);
    }

    [Fact]
    public void An_adapter_of_one_file_is_told_which_is_missing()
    {
        using var model = PretrainedModelLoader.LoadCausal(Llama);
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(Data, "lora", "llama_lora", "trained", "adapter_model.safetensors"), folder["adapter_model.safetensors"]);
        var error = Assert.Throws<TrainToolsException>(() => AdaptedModelLoader.Load(folder.Path, new PretrainedModelOptions()));
        Assert.Equal(ErrorIds.AdapterConfigMissing, error.ErrorId);
        Assert.Contains("adapter_config.json", error.Message, StringComparison.Ordinal);

        File.Delete(folder["adapter_model.safetensors"]);
        File.Copy(Path.Combine(Data, "lora", "llama_lora", "trained", "adapter_config.json"), folder["adapter_config.json"]);
        error = Assert.Throws<TrainToolsException>(() => AdapterModel.Load(model, folder.Path));
        Assert.Equal(ErrorIds.AdapterWeightsMissing, error.ErrorId);
        Assert.Contains("adapter_model.safetensors", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("safe_serialization", error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_tied_head_is_untied_for_an_adapter_or_to_be_trained(bool saved)
    {
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Data, "models", "llama_tied_rope3"));
        var embedding = model.EmbeddingLayers.Values.First().Weight.Value;
        using var adapter = AdapterModel.Create(model, Config(c =>
        {
            c["target_modules"] = saved ? new JsonArray("q_proj") : new JsonArray("q_proj", "lm_head");
            c["modules_to_save"] = saved ? new JsonArray("lm_head") : null;
        }), 1);
        var head = Assert.Single(adapter.Parameters, p => p.Name.Contains("lm_head", StringComparison.Ordinal) && (saved || p.Name.Contains("lora_B", StringComparison.Ordinal)));
        using (no_grad())
        {
            var (table, before) = (embedding.clone(), Logits(model));
            head.Value.add_(0.1);
            Assert.True(Logits(model).sub(before).abs().max().ToDouble() > 1e-3);
            Assert.True(embedding.eq(table).all().ToBoolean());
        }
    }

    [Fact]
    public void An_adapter_whose_B_stayed_zero_does_not_pass()
    {
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(Llama);
        using var adapter = AdapterModel.Create(model, Config(), 1);
        var error = Assert.Throws<TrainToolsException>(() => AdapterAcceptance.Check(adapter, () => Logits(model)));
        Assert.Equal(ErrorIds.AdapterDead, error.ErrorId);
        Assert.Contains("lora_B", error.Message, StringComparison.Ordinal);
        using (no_grad())
        {
            foreach (var p in adapter.Parameters)
            {
                p.Value.normal_(0, 0.1);
            }
        }

        AdapterAcceptance.Check(adapter, () => Logits(model));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void A_quantised_model_computes_what_its_dequantised_copy_computes(string name)
    {
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Data, "models", name));
        using var copy = PretrainedModelLoader.LoadCausal(Path.Combine(Data, "models", name));
        QuantizedBase.Quantize(model, new WeightQuantization());
        using (no_grad())
        {
            foreach (var (module, layer) in model.LinearLayers)
            {
                if (layer.FrozenProduct is Nf4Weight weight)
                {
                    copy.LinearLayers[module].Weight.Value = layer.Transposed ? weight.Dequantize().t() : weight.Dequantize();
                }
            }
        }

        Assert.Equal(0, Logits(model).sub(Logits(copy)).abs().max().ToDouble());

        // The gradient that reaches the embedding goes through every quantised weight.
        foreach (var m in new[] { model, copy })
        {
            var embedding = m.EmbeddingLayers.Values.First().Weight.Value.requires_grad_();
            Logits(m).mul(0.1).pow(2).sum().backward();
            AutogradGuard.ThrowIfFailed();
            Assert.NotNull(embedding.grad);
        }

        var (ours, plain) = (model.EmbeddingLayers.Values.First().Weight.Value.grad!, copy.EmbeddingLayers.Values.First().Weight.Value.grad!);
        Assert.True(ours.sub(plain).norm().ToDouble() < 1e-5 * plain.norm().ToDouble());
    }

    private static Tensor Logits(CausalLanguageModel model) =>
        model.Logits(model.HiddenStates(new ModelInput { InputIds = tensor(new long[] { 3, 17, 5, 9, 11, 2, 30, 4 }).unsqueeze(0) }));

    private static AdapterConfigFile Config(Action<JsonObject>? change = null)
    {
        var config = AdapterConfigFile.Create(new AdapterSettings { Rank = 4, Alpha = 8, TargetRegex = AdapterTargets.AllLinear });
        change?.Invoke(config.Json);
        return config;
    }

    private sealed class Failing : IFrozenProduct
    {
        public Tensor Forward(Tensor input) => input.mul(2);

        public Tensor Transposed(Tensor gradient) => throw new InvalidOperationException("no memory");
    }
}
