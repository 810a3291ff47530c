using System.Buffers.Binary;
using System.Text;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Configuration;

public class ModelFactsTests
{
    private const string Llama = """{"model_type":"llama","hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":128,"vocab_size":100,"max_position_embeddings":512,"tie_word_embeddings":true}""";

    [Fact]
    public void A_folder_tells_sizes_names_and_the_number_of_parameters()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", Llama);
        WriteSafetensors(Path.Combine(folder.Path, "model.safetensors"), ("model.embed_tokens.weight", [100, 64]), ("model.layers.0.self_attn.q_proj.weight", [64, 64]), ("model.layers.0.mlp.up_proj.weight", [128, 64]), ("model.norm.weight", [64]), ("lm_head.weight", [100, 64]));
        var facts = ModelFacts.Read(folder.Path);
        Assert.Equal(("llama", 64, 2, 2, 16, 512), (facts.ModelType, facts.HiddenSize, facts.Layers, facts.KeyValueHeads, facts.HeadSize, facts.MaxPositions));
        // The output layer is tied: it is counted once.
        Assert.Equal(6400 + 4096 + 8192 + 64, facts.ParameterCount);
        Assert.Equal(["q_proj", "up_proj"], facts.LinearLayerNames());
    }

    [Fact]
    public void Without_weights_the_number_is_reckoned()
    {
        // Published figure of the architecture: 6.74 billion.
        using var folder = new TemporaryFolder();
        folder.Write("config.json", """{"model_type":"llama","hidden_size":4096,"num_hidden_layers":32,"num_attention_heads":32,"intermediate_size":11008,"vocab_size":32000,"tie_word_embeddings":false}""");
        Assert.InRange(ModelFacts.ReadConfig(folder.Path).ParameterCount!.Value, 6.7e9, 6.8e9);
        Assert.Equal(ErrorIds.ModelWeightsMissing, Problem(folder.Path));
    }

    [Fact]
    public void Shards_are_read_through_their_index()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", Llama);
        folder.Write("model.safetensors.index.json", """{"weight_map":{"a.weight":"1.safetensors","b.weight":"2.safetensors"}}""");
        WriteSafetensors(Path.Combine(folder.Path, "1.safetensors"), ("a.weight", [2, 3]));
        Assert.Equal(ErrorIds.ModelShardMissing, Problem(folder.Path));
        WriteSafetensors(Path.Combine(folder.Path, "2.safetensors"), ("b.weight", [4, 5]));
        Assert.Equal(26, ModelFacts.Read(folder.Path).ParameterCount);
        folder.Write("model.safetensors.index.json", """{"weight_map":{"a.weight":"../1.safetensors"}}""");
        Assert.Equal(ErrorIds.ModelIndexInvalid, Problem(folder.Path));
    }

    [Fact]
    public void What_is_wrong_has_an_id()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(ErrorIds.ModelFolderNotFound, Problem(Path.Combine(folder.Path, "absent")));
        Assert.Equal(ErrorIds.ModelConfigMissing, Problem(folder.Path));
        folder.Write("config.json", "{");
        Assert.Equal(ErrorIds.ModelConfigInvalid, Problem(folder.Path));
        folder.Write("config.json", "[]");
        Assert.Equal(ErrorIds.ModelConfigInvalid, Problem(folder.Path));
        folder.Write("config.json", """{"hidden_size":64}""");
        Assert.Equal(ErrorIds.ModelTypeMissing, Problem(folder.Path));
        folder.Write("config.json", Llama);
        var weights = Path.Combine(folder.Path, "model.safetensors");
        WriteSafetensors(weights, ("a.weight", [2, 3]));
        var whole = File.ReadAllBytes(weights);
        foreach (var length in new[] { 0, 5, 12, whole.Length - 1 })
        {
            File.WriteAllBytes(weights, whole[..length]);
            Assert.Equal(ErrorIds.SafetensorsTruncated, Problem(folder.Path));
        }

        BinaryPrimitives.WriteUInt64LittleEndian(whole, ulong.MaxValue);
        File.WriteAllBytes(weights, whole);
        Assert.Equal(ErrorIds.SafetensorsInvalid, Problem(folder.Path));
        File.WriteAllBytes(weights, [2, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'x']);
        Assert.Equal(ErrorIds.SafetensorsInvalid, Problem(folder.Path));
    }

    internal static void WriteSafetensors(string path, params (string Name, long[] Shape)[] tensors)
    {
        var offset = 0L;
        var entries = tensors.Select(t =>
        {
            var bytes = 4 * t.Shape.Aggregate(1L, (a, b) => a * b);
            var entry = $"\"{t.Name}\":{{\"dtype\":\"F32\",\"shape\":[{string.Join(',', t.Shape)}],\"data_offsets\":[{offset},{offset + bytes}]}}";
            offset += bytes;
            return entry;
        }).ToList();
        var header = Encoding.UTF8.GetBytes("{\"__metadata__\":{\"format\":\"pt\"}," + string.Join(',', entries) + "}");
        using var file = File.Create(path);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        file.Write(length);
        file.Write(header);
        file.SetLength(file.Length + offset);
    }

    private static string Problem(string folder) => Assert.Throws<TrainToolsException>(() => ModelFacts.Read(folder)).ErrorId;
}
