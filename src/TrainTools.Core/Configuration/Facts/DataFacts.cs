using TrainTools.Core.Data;

namespace TrainTools.Core.Configuration;

/// <summary>What is known of a data set before it is read in full.</summary>
public sealed record DataFacts
{
    /// <summary>Records; null where they cannot be counted quickly.</summary>
    public long? Records { get; init; }

    /// <summary>Bytes of the files.</summary>
    public long Bytes { get; init; }

    /// <summary>Mean length of a record in tokens before truncation; null where no record was tokenized.</summary>
    public double? MeanTokens { get; init; }

    /// <summary>Lengths of the records that were tokenized, in tokens before truncation; empty where none was.</summary>
    public IReadOnlyList<int> Lengths { get; init; } = [];

    /// <summary>Shape of the records; null if not known.</summary>
    public RecordShape? Shape { get; init; }
}
