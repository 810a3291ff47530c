namespace TrainTools.Core.Runs;

/// <summary>Type of the floating-point numbers of an exported model, as PyTorch names it.</summary>
public enum ModelDtype
{
    /// <summary>32 bits.</summary>
    Float32,

    /// <summary>16 bits with 10 of fraction.</summary>
    Float16,

    /// <summary>16 bits with the exponent of float32.</summary>
    BFloat16,
}

/// <summary>A model or adapter to export.</summary>
public sealed record ExportSource
{
    /// <summary>Folder of the model, adapter or checkpoint.</summary>
    public required string Path { get; init; }

    /// <summary>Run folder it comes from; null where it comes from none.</summary>
    public string? RunPath { get; init; }

    /// <summary>Factor of the adapter's share.</summary>
    public double Weight { get; init; } = 1;
}

/// <summary>One line on the standard input of the trainer's `export` verb.</summary>
public sealed record ExportRequest
{
    /// <summary>Folder to write; it must not exist unless <see cref="Overwrite"/>.</summary>
    public required string OutputPath { get; init; }

    /// <summary>What to export; several only where all are adapters of one base.</summary>
    public required IReadOnlyList<ExportSource> Sources { get; init; }

    /// <summary>Folder of the base; null = the one the adapters name.</summary>
    public string? BaseModelPath { get; init; }

    /// <summary>Name of the base to write down, such as its name on the Hub; null = as the adapter has it.</summary>
    public string? BaseModelName { get; init; }

    /// <summary>Put the adapters into the base's weights.</summary>
    public bool Merge { get; init; }

    /// <summary>Rank of what several adapters become by a singular value decomposition; null = the exact sum, of the sum of their ranks.</summary>
    public int? Rank { get; init; }

    /// <summary>Type to write; null = the base's own.</summary>
    public ModelDtype? Dtype { get; init; }

    /// <summary>4 or 8: quantise the linear layers, as bitsandbytes stores them; null = not.</summary>
    public int? QuantizationBit { get; init; }

    /// <summary>Largest weight file in bytes.</summary>
    public long MaxShardBytes { get; init; } = 50_000_000_000;

    /// <summary>auto, cpu, cuda or cuda:n.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Replace what is at <see cref="OutputPath"/>.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Leave the check of the logits out.</summary>
    public bool SkipCheck { get; init; }
}

/// <summary>A model or adapter was written, read again and compared.</summary>
public sealed record ExportedModel : TrainerEvent
{
    /// <summary>The folder.</summary>
    public required string Path { get; init; }

    /// <summary>"model" or "adapter".</summary>
    public required string Kind { get; init; }

    /// <summary>Adapters that are in it.</summary>
    public int Adapters { get; init; }

    /// <summary>Whether they are in the base's weights.</summary>
    public bool Merged { get; init; }

    /// <summary>Type of the weights: float32, float16, bfloat16, nf4 or int8.</summary>
    public required string Dtype { get; init; }

    /// <summary>Names of the weight files.</summary>
    public IReadOnlyList<string> WeightFiles { get; init; } = [];

    /// <summary>Bytes of the weight files.</summary>
    public long WeightBytes { get; init; }

    /// <summary>Greatest difference between the logits of what was given and of what was written, as a share of the greatest logit; null where it was not checked.</summary>
    public double? LogitDifference { get; init; }

    /// <summary>What <see cref="LogitDifference"/> may be at most; null where there is no bound (quantised anew).</summary>
    public double? LogitBound { get; init; }

    /// <summary>Share of positions at which both have the same greatest logit; null where it was not checked.</summary>
    public double? TopTokenAgreement { get; init; }

    /// <summary>The base; null for a model that is its own.</summary>
    public string? BaseModelPath { get; init; }
}
