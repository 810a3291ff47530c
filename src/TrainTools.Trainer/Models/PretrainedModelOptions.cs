using TrainTools.Core.Configuration;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models;

/// <summary>How a model folder is loaded.</summary>
public sealed record PretrainedModelOptions
{
    /// <summary>Which head; null = the one that the config's architectures name, causal-lm for decoders without any.</summary>
    public TaskType? Task { get; init; }

    /// <summary>Type the parameters are kept in; null = each as in its file. Masters of a training are fp32.</summary>
    public ScalarType? ParameterType { get; init; } = ScalarType.Float32;

    /// <summary>Quantises each linear layer but the head as it is read, so that at most one of them exists in floats; null = as the files have them.</summary>
    public WeightQuantization? Quantization { get; init; }

    /// <summary>Type of the computation.</summary>
    public ScalarType ComputeType { get; init; } = ScalarType.Float32;

    /// <summary>Where the parameters live; null = CPU.</summary>
    public Device? Device { get; init; }

    /// <summary>Labels of a classification head; empty = the config's. A different number makes a new head.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>What the labels of texts are, to be written into the config; null = as the config says.</summary>
    public ProblemType? ProblemType { get; init; }

    /// <summary>Padding token to be written into the config of a decoder that names none; null = none.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>Seed of a new head's weights.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>Dropout of attention weights; null = the config's.</summary>
    public double? AttentionDropout { get; init; }

    /// <summary>Dropout of hidden states; null = the config's.</summary>
    public double? HiddenDropout { get; init; }

    /// <summary>Dropout before a classification head; null = the config's.</summary>
    public double? ClassifierDropout { get; init; }
}
