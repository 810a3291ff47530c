using TorchSharp;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models.Loading;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Writes Llama folders with random weights.</summary>
internal static class TinyModel
{
    public static string Write(string folder, int hidden = 8, int layers = 1, int vocabulary = 32)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""
            {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": {{hidden}}, "intermediate_size": {{2 * hidden}},
             "num_hidden_layers": {{layers}}, "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": {{vocabulary}},
             "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "hidden_act": "silu", "tie_word_embeddings": true}
            """);
        using var scope = torch.NewDisposeScope();
        torch.random.manual_seed(1);
        var items = new List<SafetensorsItem>();
        void Add(string name, params long[] shape) => items.Add(TensorBytes.Item(name, shape.Length == 1 ? torch.ones(shape) : torch.randn(shape).mul_(0.1)));
        Add("model.embed_tokens.weight", vocabulary, hidden);
        Add("model.norm.weight", hidden);
        for (var i = 0; i < layers; i++)
        {
            var layer = $"model.layers.{i}.";
            Add(layer + "self_attn.q_proj.weight", hidden, hidden);
            Add(layer + "self_attn.k_proj.weight", hidden / 2, hidden);
            Add(layer + "self_attn.v_proj.weight", hidden / 2, hidden);
            Add(layer + "self_attn.o_proj.weight", hidden, hidden);
            Add(layer + "mlp.gate_proj.weight", 2 * hidden, hidden);
            Add(layer + "mlp.up_proj.weight", 2 * hidden, hidden);
            Add(layer + "mlp.down_proj.weight", hidden, 2 * hidden);
            Add(layer + "input_layernorm.weight", hidden);
            Add(layer + "post_attention_layernorm.weight", hidden);
        }

        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), items);
        return folder;
    }
}
