using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

using TrainTools.Core.Cleaning;
using TrainTools.Core.Cleaning.Duplicates;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Errors;
using TrainTools.Core.Training;

namespace TrainTools.Core.Data.Splitting;

/// <summary>A side of a split.</summary>
public enum SplitSide : byte
{
    Train,
    Validation,
    Test,
}

/// <summary>How a data set is split.</summary>
public sealed record DatasetSplitOptions
{
    /// <summary>Share of the records for validation.</summary>
    public double ValidationShare { get; init; } = 0.1;

    /// <summary>Share of the records for testing.</summary>
    public double TestShare { get; init; }

    /// <summary>Keep the share of each label the same on all sides.</summary>
    public bool Stratify { get; init; }

    /// <summary>Field of the records (in their Extra) whose equal values stay on one side; null = none.</summary>
    public string? GroupField { get; init; }

    /// <summary>Keep duplicates and near duplicates on one side, so that validation does not measure memory.</summary>
    public bool KeepDuplicatesTogether { get; init; } = true;

    /// <summary>What near duplicates are.</summary>
    public NearDuplicateOptions NearDuplicates { get; init; } = new();

    /// <summary>The split depends on it and on the records alone.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>Bytes that signatures and texts may hold in memory.</summary>
    public long MemoryLimit { get; init; } = 1L << 30;
}

/// <summary>A split: the side of each record.</summary>
/// <param name="Sides">By the record's number.</param>
/// <param name="Groups">Units that stayed together: groups, clusters of duplicates, single records.</param>
/// <param name="LargestGroup">Records in the largest of them.</param>
public sealed record DatasetSplit(IReadOnlyList<SplitSide> Sides, int Groups, int LargestGroup)
{
    /// <summary>Records on a side.</summary>
    public int Count(SplitSide side) => Sides.Count(s => s == side);
}

/// <summary>Splits data sets: random, by label, by group, without near duplicates on two sides.</summary>
public static class DatasetSplitter
{
    /// <summary>Decides the side of each record.</summary>
    /// <exception cref="TrainToolsException">SplitInvalid: the shares, a group field that no record has, or labels that do not differ.</exception>
    public static DatasetSplit Split(IRecordSource source, DatasetSplitOptions options, CancellationToken cancellationToken = default)
    {
        if (options.ValidationShare < 0 || options.TestShare < 0 || options.ValidationShare + options.TestShare is <= 0 or >= 1)
        {
            throw Invalid(FormattableString.Invariant(
                $"The shares for validation ({options.ValidationShare}) and test ({options.TestShare}) must not be negative and their sum must lie between 0 and 1."));
        }

        var near = options.NearDuplicates with { Recall = 0.999 };
        using var index = options.KeepDuplicatesTogether ? new NearDuplicateIndex(near, near.Threshold, options.MemoryLimit) : null;
        var labels = new List<int>();
        var labelNumbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var groups = new DisjointSets();
        var groupOwners = new Dictionary<string, int>(StringComparer.Ordinal);
        var inputs = new Dictionary<UInt128, int>();
        foreach (var record in source.Read(cancellationToken))
        {
            var view = RecordView.Of(record);
            var number = groups.Add();
            labels.Add(options.Stratify ? Number(labelNumbers, view.Outcome ?? "") : 0);
            if (options.GroupField is { } field && record.Extra?[field] is { } value)
            {
                groups.Join(number, Owner(groupOwners, value, number));
            }

            if (index is not null)
            {
                AddInput(index, view.Input, number, inputs, groups);
            }
        }

        if (options.GroupField is not null && groupOwners.Count == 0)
        {
            throw Invalid($"No record has the field '{options.GroupField}' that groups are to be made by.");
        }

        if (options.Stratify && labelNumbers.Count < 2)
        {
            throw Invalid(labelNumbers.ContainsKey("") ? "No record has a label that its share could be kept of." : "All records have the same label: there are no shares to keep.");
        }

        foreach (var pair in index?.AllPairs(cancellationToken) ?? [])
        {
            groups.Join(pair.Record, pair.Kept);
        }

        return Assign(groups, labels, options);
    }

    /// <summary>What counts is the input: the same question with another answer on the other side is a leak too.</summary>
    private static void AddInput(NearDuplicateIndex index, string input, int number, Dictionary<UInt128, int> inputs, DisjointSets groups)
    {
        var signature = index.Builder.Build(input, null);
        var key = XxHash128.HashToUInt128(signature.Text);
        if (inputs.TryGetValue(key, out var equal))
        {
            groups.Join(number, equal);
            index.AddNone();
        }
        else
        {
            inputs.Add(key, number);
            index.Add(signature);
        }
    }

    private static DatasetSplit Assign(DisjointSets groups, List<int> labels, DatasetSplitOptions options)
    {
        double[] shares = [1 - options.ValidationShare - options.TestShare, options.ValidationShare, options.TestShare];
        var units = groups.Members();
        new SeededRandom(options.Seed, RandomPurpose.DatasetSplit).Shuffle<int[]>(units);

        // Large units first, while every side still has room for them; the order among equals stays random.
        var order = units.Select((unit, place) => (unit, place)).OrderByDescending(u => u.unit.Length).ThenBy(u => u.place).Select(u => u.unit);
        var classes = labels.Count == 0 ? 1 : labels.Max() + 1;
        var missing = new double[shares.Length, classes];
        foreach (var label in labels)
        {
            for (var side = 0; side < shares.Length; side++)
            {
                missing[side, label] += shares[side];
            }
        }

        var sides = new SplitSide[labels.Count];
        foreach (var unit in order)
        {
            var best = 0;
            var most = double.NegativeInfinity;
            for (var side = 0; side < shares.Length; side++)
            {
                if (shares[side] <= 0)
                {
                    continue;
                }

                var need = unit.Sum(record => missing[side, labels[record]]) / shares[side];
                if (need > most)
                {
                    (best, most) = (side, need);
                }
            }

            foreach (var record in unit)
            {
                sides[record] = (SplitSide)best;
                missing[best, labels[record]]--;
            }
        }

        return new DatasetSplit(sides, units.Length, units.Length == 0 ? 0 : units.Max(u => u.Length));
    }

    private static int Number(Dictionary<string, int> numbers, string name)
    {
        if (!numbers.TryGetValue(name, out var number))
        {
            numbers.Add(name, number = numbers.Count);
        }

        return number;
    }

    private static int Owner(Dictionary<string, int> owners, JsonNode value, int record)
    {
        var key = value.ToJsonString();
        if (!owners.TryGetValue(key, out var owner))
        {
            owners.Add(key, owner = record);
        }

        return owner;
    }

    private static TrainToolsException Invalid(string message) => new(ErrorIds.SplitInvalid, ErrorKind.InvalidArgument, message);
}
