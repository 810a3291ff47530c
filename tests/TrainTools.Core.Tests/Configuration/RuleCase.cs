using TrainTools.Core.Configuration;
using TrainTools.Core.Serialization;

namespace TrainTools.Core.Tests.Configuration;

/// <summary>What a rule must find and what it must leave alone.</summary>
/// <param name="Rule">Id.</param>
/// <param name="Triggers">YAML of a config that it finds.</param>
/// <param name="Inside">YAML of one that is just inside.</param>
/// <param name="Severity">Severity of the finding.</param>
/// <param name="Text">Part of the finding's text.</param>
/// <param name="Model">Model facts as "parameters[:model_type[:hidden]]".</param>
/// <param name="Records">Records of the training data; mean length 200 tokens.</param>
/// <param name="Cuda">Whether the device is a CUDA device; with "bf16" or "nobf16"; "absent" where the driver is.</param>
/// <param name="InsideModel">Model facts of the second config, where they differ.</param>
/// <param name="InsideRecords">Records of the second config, where they differ.</param>
/// <param name="InsideCuda">Device of the second config, where it differs.</param>
/// <param name="MeanTokens">Mean length of a record.</param>
public sealed record RuleCase(
    string Rule, string Triggers, string Inside, FindingSeverity Severity, string Text,
    string? Model = null, long? Records = null, string? Cuda = null,
    string? InsideModel = null, long? InsideRecords = null, string? InsideCuda = null, double MeanTokens = 200)
{
    public ConfigFacts TriggerFacts => Facts(Model, Records, Cuda);

    public ConfigFacts InsideFacts => Facts(InsideModel ?? Model, InsideRecords ?? Records, InsideCuda ?? Cuda);

    public override string ToString() => $"{Rule}: {Triggers}";

    private ConfigFacts Facts(string? model, long? records, string? cuda)
    {
        var parts = model?.Split(':') ?? [];
        return new ConfigFacts
        {
            Model = model is null ? null : new ModelFacts
            {
                ParameterCount = (long)double.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture),
                ModelType = parts.Length > 1 ? parts[1] : "llama",
                HiddenSize = parts.Length > 2 ? int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture) : 0,
                MaxPositions = 2048,
                Parameters = [.. new[] { "self_attn.q_proj", "self_attn.v_proj", "mlp.up_proj", "input_layernorm" }.Select(n => new ParameterFacts($"model.layers.0.{n}.weight", SafetensorsDtype.F32, n == "input_layernorm" ? [64] : [64, 64]))],
            },
            Data = records is null ? null : new DataFacts { Records = records, MeanTokens = MeanTokens },
            Device = cuda is null ? new DeviceFacts { HasBf16 = false } : new DeviceFacts { Kind = "cuda", Name = "GPU", HasBf16 = cuda == "bf16", Problem = cuda == "absent" ? "no driver" : null },
        };
    }
}
