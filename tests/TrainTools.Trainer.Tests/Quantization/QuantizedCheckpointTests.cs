using System.Text;
using System.Text.Json.Nodes;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Quantization;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Quantization;

/// <summary>Checkpoints in bitsandbytes' layout: read where another program wrote them, and written so that they are read the same.</summary>
public sealed class QuantizedCheckpointTests : IDisposable
{
    private static readonly string Models = Path.Combine(AppContext.BaseDirectory, "Data", "models");
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")] // stored [in, out]; bitsandbytes keeps [out, in]
    public void A_checkpoint_written_by_hand_computes_what_its_plain_dequantised_weights_compute(string name)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var plain = PretrainedModelLoader.LoadCausal(Path.Combine(Models, name));
        var items = new List<SafetensorsItem>();
        var quantized = plain.LinearLayers.Values.Where(l => QuantizedBase.Takes(l.Name)).ToDictionary(l => l.Weight.Name);
        foreach (var (parameter, value) in plain.Parameters.ToList())
        {
            if (!quantized.TryGetValue(parameter, out var layer))
            {
                items.Add(TensorBytes.Item(parameter, value.clone().DetachFromDisposeScope()));
                continue;
            }

            var matrix = layer.Transposed ? value.t().contiguous() : value;
            var (packed, absmax, back) = PlainNf4([.. matrix.data<float>()]);
            items.Add(new SafetensorsItem(parameter, SafetensorsDtype.U8, [packed.Length, 1], s => s.Write(packed)));
            items.Add(Floats(parameter + ".absmax", absmax));
            items.Add(Floats(parameter + ".quant_map", Nf4.Levels.ToArray()));
            var state = Encoding.UTF8.GetBytes($$"""{"quant_type": "nf4", "blocksize": 64, "dtype": "float32", "shape": [{{matrix.shape[0]}}, {{matrix.shape[1]}}]}""");
            items.Add(new SafetensorsItem(parameter + ".quant_state.bitsandbytes__nf4", SafetensorsDtype.U8, [state.Length], s => s.Write(state)));
            var made = tensor(back).view(matrix.shape);
            layer.Weight.Value = layer.Transposed ? made.t() : made;
        }

        SafetensorsWriter.Write(folder["model.safetensors"], items);
        File.Copy(Path.Combine(Models, name, "config.json"), folder["config.json"]);
        using var model = PretrainedModelLoader.LoadCausal(folder.Path);
        Assert.All(quantized.Keys, k => Assert.Equal(0, model.Parameters[k].numel()));
        Assert.Equal(0, Logits(model).sub(Logits(plain)).abs().max().ToDouble());
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(4, false)]
    [InlineData(8, true)]
    public void A_model_quantised_while_loading_is_saved_and_read_the_same(int bits, bool nested)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var how = new WeightQuantization(bits, nested);
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"), new PretrainedModelOptions { Quantization = how });
        PretrainedModelWriter.Save(model, folder.Path, new PretrainedModelWriterOptions { MaxShardBytes = 20_000 });
        using var again = PretrainedModelLoader.LoadCausal(folder.Path);
        Assert.Equal(0, Logits(again).sub(Logits(model)).abs().max().ToDouble());
        var config = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!["quantization_config"]!;
        Assert.Equal("bitsandbytes", (string?)config["quant_method"]);
        Assert.Equal(bits == 4, (bool?)config["load_in_4bit"]);
        Assert.Equal(bits == 4 && nested, (bool?)config["bnb_4bit_use_double_quant"]);

        // What a forecast reads of it are the parameters that it stands for.
        var (facts, whole) = (ModelFacts.Read(folder.Path), ModelFacts.Read(Path.Combine(Models, "llama")));
        Assert.Equal(whole.ParameterCount, facts.ParameterCount);
        Assert.Equal(whole.Parameters.OrderBy(p => p.Name).Select(p => (p.Name, string.Join(',', p.Shape))), facts.Parameters.OrderBy(p => p.Name).Select(p => (p.Name, string.Join(',', p.Shape))));
        var settings = ConfigYaml.Parse("{finetuning_type: lora, lora_r: 4, target_modules: [all-linear]}");
        var (forecast, plain) = (RunForecaster.Create(settings, new ConfigFacts { Model = facts }), RunForecaster.Create(settings, new ConfigFacts { Model = whole }));
        Assert.Equal(plain.TrainableParameters, forecast.TrainableParameters);
        Assert.Contains(forecast.Memory!.Parts, p => p.Name == "quantised weights" && p.From.Contains(bits == 4 ? "NF4" : "int8", StringComparison.Ordinal));
        Assert.DoesNotContain(plain.Memory!.Parts, p => p.Name == "quantised weights");
        Assert.Equal(["lm_head"], config["llm_int8_skip_modules"]!.AsArray().Select(m => (string?)m));

        using var late = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"));
        QuantizedBase.Quantize(late, how);
        Assert.Equal(0, Logits(late).sub(Logits(model)).abs().max().ToDouble());
        QuantizedBase.Dequantize(again, ScalarType.Float32);
        Assert.False(again.ConfigJson.ContainsKey("quantization_config"));
        Assert.Equal(0, Logits(again).sub(Logits(model)).abs().max().ToDouble());
    }

    [Fact]
    public void Eight_bits_are_the_rows_divided_by_their_greatest_and_rounded()
    {
        using var scope = NewDisposeScope();
        var weight = tensor(new[] { 1f, -0.5f, 0.004f, 0f, 0f, 0f, -3f, 1.5f, 0.0118f }).view(3, 3);
        using var quantized = Int8Weight.Quantize(weight, "w");
        // 0.5 * 127 = 63.5 goes to the even 64; 0.004 * 127 = 0.508 to 1; 0.0118 * 127 / 3 = 0.4995 to 0.
        float[] codes = [127, -64, 1, 0, 0, 0, -127, 64, 0];
        var back = quantized.Dequantize().view(-1);
        float[] scales = [1, 0, 3];
        for (var i = 0; i < 9; i++)
        {
            Assert.Equal(codes[i] * scales[i / 3] / 127, back[i].item<float>(), 1e-6f);
        }

        Assert.Equal(8 + (32 / 3.0), quantized.BitsPerParameter);
        Assert.Equal(ErrorIds.QuantizationNonFinite, Assert.Throws<TrainToolsException>(() => Int8Weight.Quantize(weight.div(0), "w")).ErrorId);
    }

    [Theory]
    [InlineData("absmax", "it is not in the checkpoint")]
    [InlineData("short", "bytes, and")]
    [InlineData("scales", "scales for")]
    [InlineData("table", "its table of levels is not NF4's")]
    [InlineData("shape", "config.json asks for")]
    [InlineData("fp4", "only nf4 is supported")]
    public void A_damaged_quantised_checkpoint_says_which_tensor_and_what(string damage, string message)
    {
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Models, "llama"), new PretrainedModelOptions { Quantization = new WeightQuantization(4, false) });
        PretrainedModelWriter.Save(model, folder.Path);
        var items = new List<SafetensorsItem>();
        const string Weight = "model.layers.0.self_attn.q_proj.weight";
        using (var file = SafetensorsFile.Open(folder["model.safetensors"]))
        {
            foreach (var entry in file.Entries)
            {
                var bytes = file.Bytes(entry).ToArray();
                var (name, shape) = (entry.Name, entry.Shape);
                switch (damage, entry.Name[Math.Min(Weight.Length, entry.Name.Length)..])
                {
                    case (_, _) when !entry.Name.StartsWith(Weight, StringComparison.Ordinal):
                        break;
                    case ("absmax", ".absmax"):
                        continue;
                    case ("short", ""):
                        (bytes, shape) = (bytes[..^2], [bytes.Length - 2, 1]);
                        break;
                    case ("scales", ".absmax"):
                        (bytes, shape) = (bytes[..^4], [shape[0] - 1]);
                        break;
                    case ("table", ".quant_map"):
                        bytes[0] ^= 1;
                        break;
                    case ("shape", ".quant_state.bitsandbytes__nf4"):
                        bytes = Encoding.UTF8.GetBytes("""{"quant_type": "nf4", "blocksize": 64, "dtype": "float32", "shape": [2, 2]}""");
                        shape = [bytes.Length];
                        break;
                    case ("fp4", ".quant_state.bitsandbytes__nf4"):
                        name = name.Replace("nf4", "fp4", StringComparison.Ordinal);
                        bytes = Encoding.UTF8.GetBytes("""{"quant_type": "fp4", "blocksize": 64, "dtype": "float32", "shape": [2, 2]}""");
                        shape = [bytes.Length];
                        break;
                }

                items.Add(new SafetensorsItem(name, entry.Dtype, shape, s => s.Write(bytes)));
            }
        }

        SafetensorsWriter.Write(folder["model.safetensors"], items);
        var error = Assert.Throws<TrainToolsException>(() => PretrainedModelLoader.LoadCausal(folder.Path));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("q_proj", error.Message, StringComparison.Ordinal);
        Assert.Equal(damage == "shape" ? ErrorIds.TensorShapeMismatch : ErrorIds.QuantizationStateInvalid, error.ErrorId);
    }

    private static Tensor Logits(CausalLanguageModel model) =>
        model.Logits(model.HiddenStates(new ModelInput { InputIds = tensor(new long[] { 3, 17, 5, 9, 11, 2, 30, 4 }).unsqueeze(0) }));

    private static SafetensorsItem Floats(string name, float[] values) =>
        new(name, SafetensorsDtype.F32, [values.Length], s => s.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values)));

    /// <summary>The published description, one number at a time: nearest level, even element in the high half of the byte.</summary>
    private static (byte[] Packed, float[] Absmax, float[] Back) PlainNf4(float[] values)
    {
        var levels = Nf4.Levels.ToArray();
        var packed = new byte[(values.Length + 1) / 2];
        var absmax = new float[(values.Length + 63) / 64];
        var back = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var largest = absmax[i / 64] = values.Skip(i / 64 * 64).Take(64).Max(Math.Abs);
            var code = Enumerable.Range(0, 16).MinBy(c => Math.Abs((double)levels[c] - (values[i] / (double)largest)));
            packed[i / 2] |= (byte)(i % 2 == 0 ? code << 4 : code);
            back[i] = levels[code] * largest;
        }

        return (packed, absmax, back);
    }
}
