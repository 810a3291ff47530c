using System.Security.Cryptography;

namespace TrainTools.Core.Cleaning.Reports;

/// <summary>A file and the hash of its bytes.</summary>
public sealed record FileHash(string Path, long Bytes, string Sha256)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Sha256}  {Path}";
}

/// <summary>Lengths of a set in words or tokens.</summary>
public sealed record LengthQuantiles(double Min, double P5, double P25, double Median, double P75, double P95, double Max)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"median {Median}, 95 % {P95}, most {Max}");
}

/// <summary>Records of a range of lengths, before and after cleaning.</summary>
/// <param name="From">Least length.</param>
/// <param name="To">Length of the next range.</param>
/// <param name="Before">Records that went in.</param>
/// <param name="After">Records that are kept.</param>
public sealed record LengthBin(int From, int To, int Before, int After)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{From} to {To}: {Before} before, {After} after");
}

/// <summary>What one rule found.</summary>
public sealed record RuleSummary
{
    /// <summary>Id of the rule.</summary>
    public required string Rule { get; init; }

    /// <summary>What it finds.</summary>
    public required string Description { get; init; }

    /// <summary>Threshold in use.</summary>
    public required double Threshold { get; init; }

    /// <summary>Records with a verdict that does something.</summary>
    public required int Records { get; init; }

    /// <summary>Of these, records it removes.</summary>
    public required int Removed { get; init; }

    /// <summary>Of these, records that no other rule removes.</summary>
    public required int RemovedAlone { get; init; }

    /// <summary>Of these, records it repairs or masks.</summary>
    public required int Changed { get; init; }

    /// <summary>Records only noted: near the threshold, or no fault.</summary>
    public required int Noted { get; init; }

    /// <summary>The first finds.</summary>
    public required IReadOnlyList<RuleExample> Examples { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Rule}: {Records} found, {Removed} removed");
}

/// <summary>One find with the beginning of its record.</summary>
public sealed record RuleExample(CleaningVerdict Verdict, string Text, string? EvidenceText)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Verdict}: {Text}";
}

/// <summary>What went into a cleaning run, what came out, by which rules, with examples and all that is needed to do it again.</summary>
public sealed record CleaningReport
{
    public required CleaningOptions Options { get; init; }

    public required IReadOnlyList<FileHash> Inputs { get; init; }

    /// <summary>The written files; filled in by who writes them.</summary>
    public IReadOnlyList<FileHash> Outputs { get; init; } = [];

    /// <summary>The command that makes this run again; filled in by who knows it.</summary>
    public string? Command { get; init; }

    /// <summary>Lines of the input that were no records.</summary>
    public long BadLines { get; init; }

    public required int Records { get; init; }

    public required int Kept { get; init; }

    public required int Removed { get; init; }

    public required int Changed { get; init; }

    public required IReadOnlyList<RuleSummary> Rules { get; init; }

    /// <summary>What lengths are counted in: words or tokens.</summary>
    public required string LengthUnit { get; init; }

    public required LengthQuantiles? LengthBefore { get; init; }

    public required LengthQuantiles? LengthAfter { get; init; }

    /// <summary>Records by length; the ranges grow with the length.</summary>
    public required IReadOnlyList<LengthBin> LengthHistogram { get; init; }

    /// <summary>Sizes of groups of duplicates (the kept record with those removed for it), and how many groups have that size.</summary>
    public required IReadOnlyDictionary<int, int> DuplicateGroups { get; init; }

    /// <summary>Estimated share of wrong labels.</summary>
    public double? LabelNoise { get; init; }

    /// <summary>Classes of the confident joint.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Calibrated confident joint: rows labelled a that are really b.</summary>
    public IReadOnlyList<int[]>? ConfidentJoint { get; init; }

    /// <summary>What a person should look at.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Size and SHA-256 of a file.</summary>
    public static FileHash Hash(string path)
    {
        using var stream = File.OpenRead(path);
        return new FileHash(path, stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Records} records, {Kept} kept, {Removed} removed, {Changed} changed");
}
