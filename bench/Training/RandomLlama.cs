using System.Text.Json;
using TorchSharp;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models.Loading;

namespace TrainTools.Bench.Training;

/// <summary>Sizes of a Llama.</summary>
internal sealed record LlamaSizes(int Hidden, int Layers, int Heads, int KeyValueHeads, int Intermediate, int Vocabulary);

/// <summary>Writes Llama folders with random weights.</summary>
internal static class RandomLlama
{
    public static void Write(string folder, LlamaSizes sizes)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), JsonSerializer.Serialize(new
        {
            model_type = "llama",
            architectures = new[] { "LlamaForCausalLM" },
            hidden_size = sizes.Hidden,
            intermediate_size = sizes.Intermediate,
            num_hidden_layers = sizes.Layers,
            num_attention_heads = sizes.Heads,
            num_key_value_heads = sizes.KeyValueHeads,
            vocab_size = sizes.Vocabulary,
            max_position_embeddings = 2048,
            rms_norm_eps = 1e-5,
            hidden_act = "silu",
            tie_word_embeddings = false,
        }));
        using var scope = torch.NewDisposeScope();
        torch.random.manual_seed(1);
        var items = new List<SafetensorsItem>();
        var keys = sizes.Hidden / sizes.Heads * sizes.KeyValueHeads;
        void Add(string name, params long[] shape) => items.Add(TensorBytes.Item(name, shape.Length == 1 ? torch.ones(shape) : torch.randn(shape).mul_(0.02)));
        Add("model.embed_tokens.weight", sizes.Vocabulary, sizes.Hidden);
        for (var i = 0; i < sizes.Layers; i++)
        {
            var layer = $"model.layers.{i}.";
            Add(layer + "self_attn.q_proj.weight", sizes.Hidden, sizes.Hidden);
            Add(layer + "self_attn.k_proj.weight", keys, sizes.Hidden);
            Add(layer + "self_attn.v_proj.weight", keys, sizes.Hidden);
            Add(layer + "self_attn.o_proj.weight", sizes.Hidden, sizes.Hidden);
            Add(layer + "mlp.gate_proj.weight", sizes.Intermediate, sizes.Hidden);
            Add(layer + "mlp.up_proj.weight", sizes.Intermediate, sizes.Hidden);
            Add(layer + "mlp.down_proj.weight", sizes.Hidden, sizes.Intermediate);
            Add(layer + "input_layernorm.weight", sizes.Hidden);
            Add(layer + "post_attention_layernorm.weight", sizes.Hidden);
        }

        Add("model.norm.weight", sizes.Hidden);
        Add("lm_head.weight", sizes.Vocabulary, sizes.Hidden);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), items);
    }
}
