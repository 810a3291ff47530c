using System.Text.Json.Nodes;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Models;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Families;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Models;

public sealed class PretrainedModelLoaderTests
{
    [Fact]
    public void EveryMissingTensorIsNamedAtOnce()
    {
        using var edited = new EditedModel("models/llama");
        edited.Tensors.Remove("model.norm.weight");
        edited.Tensors.Remove("model.layers.1.mlp.up_proj.weight");

        var error = Error(edited.Save());

        Assert.Equal(ErrorIds.TensorMissing, error.ErrorId);
        Assert.Contains("2 of 21", error.Message, StringComparison.Ordinal);
        Assert.Contains("model.layers.1.mlp.up_proj.weight, model.norm.weight", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnExtraTensorIsNamed()
    {
        using var edited = new EditedModel("models/llama");
        edited.Tensors["model.layers.0.self_attn.q_proj.bias"] = edited.Tensors["model.norm.weight"];

        var error = Error(edited.Save());

        Assert.Equal(ErrorIds.TensorUnexpected, error.ErrorId);
        Assert.Contains("model.layers.0.self_attn.q_proj.bias", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vocab_size", 513, "model.embed_tokens.weight is [512, 64], expected [513, 64]")]
    [InlineData("vocab_size", 100, "model.embed_tokens.weight is [512, 64], expected [100, 64]")]
    [InlineData("intermediate_size", 12, "model.layers.0.mlp.gate_proj.weight is [128, 64], expected [12, 64]")]
    public void AMisshapenTensorIsNamedWithBothShapes(string key, int value, string says)
    {
        using var edited = new EditedModel("models/llama");
        edited.Config[key] = value;

        var error = Error(edited.Save());

        Assert.Equal(ErrorIds.TensorShapeMismatch, error.ErrorId);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BuffersThatAreNoParametersAreLeftAside()
    {
        using var edited = new EditedModel("models/llama");
        var any = edited.Tensors["model.norm.weight"];
        edited.Tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = any;
        using var model = PretrainedModelLoader.Load(edited.Save());
        Assert.Equal(["model.layers.0.self_attn.rotary_emb.inv_freq"], model.LoadReport.Ignored);

        using var gpt2 = new EditedModel("models/gpt2");
        gpt2.Tensors["transformer.h.0.attn.bias"] = any;
        gpt2.Tensors["transformer.h.0.attn.masked_bias"] = any;
        using var loaded = PretrainedModelLoader.Load(gpt2.Save());
        Assert.Equal(2, loaded.LoadReport.Ignored.Count);
    }

    [Theory]
    [InlineData("models/gpt2", "transformer.")]
    [InlineData("models/llama_seqcls", "model.")]
    [InlineData("models/bert_tokcls", "bert.")]
    public void ACheckpointOfTheBaseModelLacksItsPrefix(string name, string prefix)
    {
        using var edited = new EditedModel(name);
        foreach (string tensor in edited.Tensors.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).ToList())
        {
            edited.Rename(tensor, tensor[prefix.Length..]);
        }

        AssertSameParameters(name, edited.Save());
    }

    [Fact]
    public void OldNamesOfNormsAreUnderstood()
    {
        using var edited = new EditedModel("models/bert_mlm");
        foreach (string tensor in edited.Tensors.Keys.Where(k => k.Contains("LayerNorm", StringComparison.Ordinal)).ToList())
        {
            edited.Rename(tensor, tensor.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal).Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal));
        }

        edited.Tensors["bert.embeddings.position_ids"] = new(SafetensorsDtype.I64, [1, 1], new byte[8]);
        AssertSameParameters("models/bert_mlm", edited.Save());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void ShardsAreOneModel(int shards)
    {
        using var edited = new EditedModel("models/llama");
        AssertSameParameters("models/llama", edited.Save(shards));
    }

    [Fact]
    public void ATensorInTwoShardsIsRefused()
    {
        using var edited = new EditedModel("models/llama");
        string folder = edited.Save(2);
        File.Copy(Path.Combine(folder, "model-00001-of-00002.safetensors"), Path.Combine(folder, "model-00002-of-00002.safetensors"), overwrite: true);

        Assert.Equal(ErrorIds.TensorUnexpected, Error(folder).ErrorId);
    }

    [Fact]
    public void ATiedHeadMayBeStoredTwiceOrUnderItsOwnName()
    {
        const string Embedding = "model.embed_tokens.weight";
        using var twice = new EditedModel("models/qwen2");
        twice.Tensors["lm_head.weight"] = twice.Tensors[Embedding];
        AssertSameParameters("models/qwen2", twice.Save());

        using var renamed = new EditedModel("models/qwen2");
        renamed.Rename(Embedding, "lm_head.weight");
        AssertSameParameters("models/qwen2", renamed.Save());
    }

    [Fact]
    public void ACopyThatDiffersMeansThatNothingIsTied()
    {
        using var scope = NewDisposeScope();
        using var edited = new EditedModel("models/qwen2");
        var embedding = edited.Tensors["model.embed_tokens.weight"];
        edited.Tensors["lm_head.weight"] = embedding with { Bytes = new byte[embedding.Bytes.Length] };

        using var model = PretrainedModelLoader.LoadCausal(edited.Save());

        Assert.Equal(0, model.Parameters["lm_head.weight"].abs().max().ToDouble());
        Assert.Equal(0, model.Logits(model.HiddenStates(new ModelInput { InputIds = tensor(new long[,] { { 5, 6 } }) })).abs().max().ToDouble());
    }

    [Theory]
    [InlineData(SafetensorsDtype.F16)]
    [InlineData(SafetensorsDtype.BF16)]
    [InlineData(SafetensorsDtype.F64)]
    public void EveryFloatTypeIsReadExactly(SafetensorsDtype dtype)
    {
        using var scope = NewDisposeScope();
        using var edited = new EditedModel("models/llama");
        float[] values = [1, -2.5f, 0.09375f, 65504, 0, -0f, 0.5f, 3];
        byte[] bytes = values.Concat(Enumerable.Repeat(1f, 56)).SelectMany(v => dtype switch
        {
            SafetensorsDtype.F16 => BitConverter.GetBytes((Half)v),
            SafetensorsDtype.BF16 => BitConverter.GetBytes(v)[2..],
            _ => BitConverter.GetBytes((double)v),
        }).ToArray();
        edited.Tensors["model.norm.weight"] = new(dtype, [64], bytes);

        // An odd-sized tensor before it: the bytes are not aligned to their element any more.
        edited.Tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = new(SafetensorsDtype.U8, [3], new byte[3]);
        using var wide = PretrainedModelLoader.Load(edited.Save());
        using var asStored = PretrainedModelLoader.Load(edited.Save(), new PretrainedModelOptions { ParameterType = null });

        float[] expected = dtype == SafetensorsDtype.BF16 ? [1, -2.5f, 0.09375f, 65280, 0, -0f, 0.5f, 3] : values;
        Assert.Equal(expected, wide.Parameters["model.norm.weight"].data<float>().Take(8));
        Assert.Equal(dtype switch { SafetensorsDtype.F16 => ScalarType.Float16, SafetensorsDtype.BF16 => ScalarType.BFloat16, _ => ScalarType.Float64 }, asStored.Parameters["model.norm.weight"].dtype);
    }

    [Fact]
    public void AQuantisedTypeIsRefusedByName()
    {
        using var edited = new EditedModel("models/llama");
        edited.Tensors["model.norm.weight"] = new(SafetensorsDtype.F8E4M3, [64], new byte[64]);

        var error = Error(edited.Save());

        Assert.Equal(ErrorIds.TensorDtypeUnsupported, error.ErrorId);
        Assert.Contains("'model.norm.weight'", error.Message, StringComparison.Ordinal);
        Assert.Contains("F8_E4M3", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama4", "'llama'")]
    [InlineData("gemma", "gemma2")]
    [InlineData("t5", "Supported: bert, distilbert, gemma2")]
    public void AnUnknownFamilyIsAnsweredWithTheKnownOnes(string type, string says)
    {
        using var edited = new EditedModel("models/llama");
        edited.Config["model_type"] = type;

        var error = Error(edited.Save());

        Assert.Equal(ErrorIds.ModelTypeUnsupported, error.ErrorId);
        Assert.Contains(says, error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFamiliesAreThoseThatTheCheckOfAConfigKnows() =>
        Assert.Equal(ModelSupport.ModelTypes, FamilyRegistry.ModelTypes.Order(StringComparer.Ordinal));

    [Fact]
    public void WeightsStoredQuantisedAreRefusedByTheirMethod()
    {
        using var edited = new EditedModel("models/llama");
        edited.Config["quantization_config"] = new JsonObject { ["quant_method"] = "awq" };

        var error = Error(edited.Save());

        Assert.Equal(ErrorIds.ModelSettingUnsupported, error.ErrorId);
        Assert.Contains("quantised with awq", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hidden_act", "\"swiglu\"", ErrorIds.ModelSettingUnsupported)]
    [InlineData("rope_scaling", "{\"rope_type\":\"ntk-by-parts\",\"factor\":2}", ErrorIds.ModelSettingUnsupported)]
    [InlineData("rope_scaling", "{\"rope_type\":\"linear\"}", ErrorIds.ModelConfigInvalid)]
    [InlineData("rope_scaling", "{\"rope_type\":\"longrope\",\"short_factor\":[1],\"long_factor\":[1]}", ErrorIds.ModelConfigInvalid)]
    [InlineData("rope_scaling", "7", ErrorIds.ModelConfigInvalid)]
    [InlineData("num_key_value_heads", "3", ErrorIds.ModelConfigInvalid)]
    [InlineData("num_attention_heads", "0", ErrorIds.ModelConfigInvalid)]
    [InlineData("hidden_size", "\"64\"", ErrorIds.ModelConfigInvalid)]
    [InlineData("head_dim", "15", ErrorIds.ModelConfigInvalid)]
    [InlineData("attention_dropout", "1.5", ErrorIds.ModelConfigInvalid)]
    [InlineData("tie_word_embeddings", "1", ErrorIds.ModelConfigInvalid)]
    public void ASettingThatCannotBeUsedIsNamed(string key, string value, string id)
    {
        using var edited = new EditedModel("models/llama");
        edited.Config[key] = JsonNode.Parse(value);

        var error = Error(edited.Save());

        Assert.Equal(id, error.ErrorId);
    }

    [Theory]
    [InlineData("models/llama", TaskType.MaskedLm)]
    [InlineData("models/bert_mlm", TaskType.CausalLm)]
    public void ATaskWithoutAHeadIsRefused(string name, TaskType task)
    {
        using var edited = new EditedModel(name);

        var error = Assert.Throws<TrainToolsException>(() => PretrainedModelLoader.Load(edited.Save(), new PretrainedModelOptions { Task = task }));

        Assert.Equal(ErrorIds.ModelTaskUnsupported, error.ErrorId);
    }

    [Theory]
    [InlineData("models/llama", "score.weight", "LlamaForSequenceClassification")]
    [InlineData("models/gpt2", "score.weight", "GPT2ForSequenceClassification")]
    [InlineData("models/bert_mlm", "bert.pooler.dense.weight,bert.pooler.dense.bias,classifier.weight,classifier.bias", "BertForSequenceClassification")]
    public void ANewHeadIsMadeFromTheSeedAndSavedWithItsLabels(string name, string made, string architecture)
    {
        using var scope = NewDisposeScope();
        using var edited = new EditedModel(name);
        string folder = edited.Save();
        var options = new PretrainedModelOptions { Task = TaskType.SequenceClassification, Labels = ["no", "maybe", "yes"], Seed = 7 };
        using var model = (SequenceClassifier)PretrainedModelLoader.Load(folder, options);
        using var again = PretrainedModelLoader.Load(folder, options);
        using var other = PretrainedModelLoader.Load(folder, options with { Seed = 8 });

        string[] names = made.Split(',');
        Assert.Equal(names, model.LoadReport.Initialized);
        string head = names.Last(n => n.EndsWith("weight", StringComparison.Ordinal));
        Assert.Equal(3, model.Parameters[head].shape[0]);
        Assert.True(model.Parameters[head].equal(again.Parameters[head]).all().item<bool>());
        Assert.False(model.Parameters[head].equal(other.Parameters[head]).all().item<bool>());

        string target = Path.Combine(folder, "saved");
        PretrainedModelWriter.Save(model, target);
        using var saved = (SequenceClassifier)PretrainedModelLoader.Load(target);
        Assert.Equal(["no", "maybe", "yes"], saved.Labels);
        Assert.Equal(architecture, saved.ConfigJson["architectures"]![0]!.GetValue<string>());
        Assert.Empty(saved.LoadReport.Initialized);
        Assert.True(model.Parameters[head].equal(saved.Parameters[head]).all().item<bool>());
    }

    [Fact]
    public void AHeadKeepsItsWeightsWhereTheNumberOfLabelsStays()
    {
        using var edited = new EditedModel("models/bert_seqcls");
        string folder = edited.Save();
        using var before = (SequenceClassifier)PretrainedModelLoader.Load(folder);
        using var same = PretrainedModelLoader.Load(folder, new PretrainedModelOptions { Labels = before.Labels.Select(l => l + "!").ToArray() });
        using var fewer = PretrainedModelLoader.Load(folder, new PretrainedModelOptions { Labels = before.Labels.Skip(1).ToArray() });

        Assert.Empty(same.LoadReport.Initialized);
        Assert.Equal(["classifier.weight", "classifier.bias"], fewer.LoadReport.Initialized);
    }

    [Fact]
    public void InputsThatDoNotFitAreRefused()
    {
        using var scope = NewDisposeScope();
        using var edited = new EditedModel("models/llama");
        using var model = PretrainedModelLoader.LoadCausal(edited.Save());
        var ids = tensor(new long[,] { { 5, 6, 7 } });

        foreach (var input in (ModelInput[])
            [
                new ModelInput { InputIds = ids[0] },
                new ModelInput { InputIds = ids, DocumentLengths = [2, 2] },
                new ModelInput { InputIds = ids, DocumentLengths = [3, 0] },
                new ModelInput { InputIds = ids, AttentionMask = ones(1, 2, ScalarType.Int64) },
                new ModelInput { InputIds = ids, PositionIds = zeros(1, 2, ScalarType.Int64) },
            ])
        {
            Assert.Equal(ErrorIds.ModelInputInvalid, Assert.Throws<TrainToolsException>(() => model.HiddenStates(input)).ErrorId);
        }
    }

    private static TrainToolsException Error(string folder) => Assert.Throws<TrainToolsException>(() => PretrainedModelLoader.Load(folder));

    private static void AssertSameParameters(string name, string folder)
    {
        using var scope = NewDisposeScope();
        using var expected = PretrainedModelLoader.Load(Path.Combine(AppContext.BaseDirectory, "Data", name));
        using var actual = PretrainedModelLoader.Load(folder);
        Assert.Equal(expected.Parameters.Keys, actual.Parameters.Keys);
        Assert.All(expected.Parameters, p => Assert.True(p.Value.equal(actual.Parameters[p.Key]).all().item<bool>(), p.Key));
        Assert.Empty(actual.LoadReport.Initialized);
    }
}
