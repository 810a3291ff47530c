using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using TrainTools.Core.Serialization;

namespace TrainTools.Bench.Forecast;

/// <summary>Writes model folders with random weights of any size.</summary>
internal static class ModelMaker
{
    /// <summary>A Llama with its own output layer.</summary>
    public static void Llama(string folder, string tokenizer, int hidden, int layers, int heads, int keyValueHeads, int intermediate, int vocabulary)
    {
        var size = hidden / heads;
        var shapes = new List<(string, long[])> { ("model.embed_tokens.weight", [vocabulary, hidden]) };
        for (var i = 0; i < layers; i++)
        {
            var name = $"model.layers.{i}.";
            shapes.AddRange(
            [
                (name + "input_layernorm.weight", [hidden]),
                (name + "self_attn.q_proj.weight", [heads * size, hidden]),
                (name + "self_attn.k_proj.weight", [keyValueHeads * size, hidden]),
                (name + "self_attn.v_proj.weight", [keyValueHeads * size, hidden]),
                (name + "self_attn.o_proj.weight", [hidden, heads * size]),
                (name + "post_attention_layernorm.weight", [hidden]),
                (name + "mlp.gate_proj.weight", [intermediate, hidden]),
                (name + "mlp.up_proj.weight", [intermediate, hidden]),
                (name + "mlp.down_proj.weight", [hidden, intermediate]),
            ]);
        }

        shapes.AddRange([("model.norm.weight", [hidden]), ("lm_head.weight", [vocabulary, hidden])]);
        Write(folder, tokenizer, shapes, new JsonObject
        {
            ["model_type"] = "llama", ["architectures"] = new JsonArray("LlamaForCausalLM"), ["hidden_size"] = hidden, ["num_hidden_layers"] = layers, ["num_attention_heads"] = heads, ["num_key_value_heads"] = keyValueHeads,
            ["intermediate_size"] = intermediate, ["vocab_size"] = vocabulary, ["max_position_embeddings"] = 4096, ["tie_word_embeddings"] = false, ["rms_norm_eps"] = 1e-5,
        });
    }

    /// <summary>A GPT-2: learnt positions, plain feed-forward, one embedding for both ends.</summary>
    public static void Gpt2(string folder, string tokenizer, int hidden, int layers, int heads, int vocabulary)
    {
        var shapes = new List<(string, long[])> { ("transformer.wte.weight", [vocabulary, hidden]), ("transformer.wpe.weight", [1024, hidden]) };
        for (var i = 0; i < layers; i++)
        {
            var name = $"transformer.h.{i}.";
            shapes.AddRange(
            [
                (name + "ln_1.weight", [hidden]), (name + "ln_1.bias", [hidden]), (name + "ln_2.weight", [hidden]), (name + "ln_2.bias", [hidden]),
                (name + "attn.c_attn.weight", [hidden, 3 * hidden]), (name + "attn.c_attn.bias", [3 * hidden]),
                (name + "attn.c_proj.weight", [hidden, hidden]), (name + "attn.c_proj.bias", [hidden]),
                (name + "mlp.c_fc.weight", [hidden, 4 * hidden]), (name + "mlp.c_fc.bias", [4 * hidden]),
                (name + "mlp.c_proj.weight", [4 * hidden, hidden]), (name + "mlp.c_proj.bias", [hidden]),
            ]);
        }

        shapes.AddRange([("transformer.ln_f.weight", [hidden]), ("transformer.ln_f.bias", [hidden])]);
        Write(folder, tokenizer, shapes, new JsonObject
        {
            ["model_type"] = "gpt2", ["architectures"] = new JsonArray("GPT2LMHeadModel"), ["n_embd"] = hidden, ["n_layer"] = layers, ["n_head"] = heads, ["n_positions"] = 1024, ["vocab_size"] = vocabulary,
            ["activation_function"] = "gelu_new", ["attn_pdrop"] = 0.0, ["embd_pdrop"] = 0.0, ["resid_pdrop"] = 0.0, ["tie_word_embeddings"] = true, ["layer_norm_epsilon"] = 1e-5,
        });
    }

    private static void Write(string folder, string tokenizer, List<(string Name, long[] Shape)> shapes, JsonObject config)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        foreach (var file in new[] { "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json" })
        {
            File.Copy(Path.Combine(tokenizer, file), Path.Combine(folder, file), overwrite: true);
        }

        var random = new Random(1);
        var noise = new float[1 << 16];
        for (var i = 0; i < noise.Length; i++)
        {
            noise[i] = (float)(0.04 * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5));
        }

        var ones = Enumerable.Repeat(1f, noise.Length).ToArray();
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. shapes.Select(s => new SafetensorsItem(s.Name, SafetensorsDtype.F32, s.Shape, stream =>
        {
            var source = s.Shape.Length == 1 && s.Name.EndsWith("weight", StringComparison.Ordinal) ? ones : noise;
            for (var left = s.Shape.Aggregate(1L, (a, b) => a * b); left > 0; left -= source.Length)
            {
                stream.Write(MemoryMarshal.AsBytes(source.AsSpan(0, (int)Math.Min(left, source.Length))));
            }
        }))], SafetensorsWriter.PyTorchMetadata);
    }
}
