namespace TrainTools.PowerShell.Datasets;

/// <summary>The sides of a split: records, or the files they were written to.</summary>
public sealed class DatasetSplitResult
{
    internal DatasetSplitResult(object train, object? validation, object? test)
    {
        Train = train;
        Validation = validation;
        Test = test;
    }

    /// <summary>Records for training, or their file.</summary>
    public object Train { get; }

    /// <summary>Records for validation, or their file; null if none were asked for.</summary>
    public object? Validation { get; }

    /// <summary>Records for testing, or their file; null if none were asked for.</summary>
    public object? Test { get; }

    /// <summary>Path of the training file, under the name that New-TrainingConfig takes; null if the records are in memory.</summary>
    public string? DatasetPath => (Train as FileInfo)?.FullName;

    /// <summary>Path of the validation file; null if there is none.</summary>
    public string? ValidationPath => (Validation as FileInfo)?.FullName;

    /// <summary>Path of the test file; null if there is none.</summary>
    public string? TestPath => (Test as FileInfo)?.FullName;

    /// <summary>Number of records for training.</summary>
    public int TrainCount { get; internal init; }

    /// <summary>Number of records for validation.</summary>
    public int ValidationCount { get; internal init; }

    /// <summary>Number of records for testing.</summary>
    public int TestCount { get; internal init; }

    /// <summary>Units that stayed together: groups, clusters of duplicates, single records.</summary>
    public int Groups { get; internal init; }

    /// <summary>Records in the largest unit.</summary>
    public int LargestGroup { get; internal init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"train {TrainCount}, validation {ValidationCount}, test {TestCount}");
}
