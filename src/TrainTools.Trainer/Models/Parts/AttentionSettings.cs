namespace TrainTools.Trainer.Models.Parts;

/// <summary>What one layer's attention does apart from its projections.</summary>
internal sealed record AttentionSettings
{
    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; divides <see cref="Heads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Size of a head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Factor of the scores.</summary>
    public required double Scale { get; init; }

    /// <summary>Keys a query sees, itself included; null = all before it.</summary>
    public int? Window { get; init; }

    /// <summary>Scores are squashed to ± this; null = not.</summary>
    public double? SoftCap { get; init; }

    /// <summary>Share of attention weights dropped in training.</summary>
    public double Dropout { get; init; }
}
