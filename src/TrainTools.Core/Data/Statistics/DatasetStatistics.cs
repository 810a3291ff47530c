namespace TrainTools.Core.Data.Statistics;

/// <summary>A name and how often it occurs.</summary>
public sealed record NamedCount(string Name, long Count, double Share)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Name} {Count}");
}

/// <summary>Distribution of a length.</summary>
public sealed record LengthDistribution
{
    /// <summary>What is measured: characters or tokens of prompts, answers, records.</summary>
    public required string Name { get; init; }

    /// <summary>Records measured.</summary>
    public required long Count { get; init; }

    public required double Mean { get; init; }

    public required int Min { get; init; }

    public required int P5 { get; init; }

    public required int P25 { get; init; }

    public required int Median { get; init; }

    public required int P75 { get; init; }

    public required int P95 { get; init; }

    public required int P99 { get; init; }

    public required int Max { get; init; }

    /// <summary>Bins of growing width; each holds lengths from its start to below the next one's.</summary>
    public required IReadOnlyList<HistogramBin> Histogram { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Name}: median {Median}, 95 % {P95}, most {Max}");
}

/// <summary>A bin of a histogram.</summary>
public sealed record HistogramBin(int From, int To, long Count)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{From} to {To}: {Count}");
}

/// <summary>What a data set is made of.</summary>
public sealed record DatasetStatistics
{
    public required long Records { get; init; }

    /// <summary>Lines that were no records.</summary>
    public long BadLines { get; init; }

    public required IReadOnlyList<NamedCount> Shapes { get; init; }

    /// <summary>Turns by role.</summary>
    public required IReadOnlyList<NamedCount> Roles { get; init; }

    /// <summary>Labels, or tags of words without O, the most frequent first.</summary>
    public required IReadOnlyList<NamedCount> Labels { get; init; }

    /// <summary>Languages of the records; "?" where a text leaves it open.</summary>
    public required IReadOnlyList<NamedCount> Languages { get; init; }

    /// <summary>Letters by script.</summary>
    public required IReadOnlyList<NamedCount> Scripts { get; init; }

    /// <summary>Lengths in characters, and in tokens if a tokenizer was given.</summary>
    public required IReadOnlyList<LengthDistribution> Lengths { get; init; }

    /// <summary>Share of the text that is answer, by tokens if a tokenizer was given, else by characters; null for sets without answers.</summary>
    public required double? SupervisedShare { get; init; }

    /// <summary>Share of the records that equal an earlier one.</summary>
    public required double? DuplicateRate { get; init; }

    /// <summary>Share of the records that nearly equal an earlier one (Jaccard 0.8).</summary>
    public required double? NearDuplicateRate { get; init; }

    /// <summary>Share of the records that contradict another one.</summary>
    public required double? ConflictRate { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Records} records");
}
