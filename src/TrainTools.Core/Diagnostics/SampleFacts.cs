using System.IO.Hashing;
using System.Runtime.InteropServices;
using TrainTools.Core.Samples;

namespace TrainTools.Core.Diagnostics;

/// <summary>What the prepared rows tell before the first step.</summary>
/// <param name="TargetEntropy">Entropy in nats of the supervised tokens or of the rows' classes, whatever their inputs; null for values and for several classes a row.</param>
/// <param name="EvaluationOverlap">Share of validation documents that are training documents, token for token; null without validation.</param>
/// <param name="EvaluationRows">Validation documents; null without validation.</param>
/// <param name="MostRowsOfRecord">Rows of the record that has most: windows of a long text, pieces that packing parted; null where each has one.</param>
public sealed record SampleFacts(double? TargetEntropy, double? EvaluationOverlap, int? EvaluationRows = null, int? MostRowsOfRecord = null)
{
    /// <summary>One pass over the tokens.</summary>
    public static SampleFacts Of(IReadOnlyList<TrainingSample> training, IReadOnlyList<TrainingSample> validation)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(validation);
        return validation.Count == 0
            ? new SampleFacts(Entropy(training), null, null, MostRows(training))
            : new SampleFacts(Entropy(training), Overlap(training, validation), validation.Sum(s => s.DocumentLengths?.Length ?? 1), MostRows(training));
    }

    private static int? MostRows(IReadOnlyList<TrainingSample> samples)
    {
        var rows = new Dictionary<long, int>();
        foreach (var record in samples.SelectMany(s => s.RecordIndexes))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(rows, record, out _)++;
        }

        return rows.Values.DefaultIfEmpty().Max() is > 1 and var most ? most : null;
    }

    private static double? Entropy(IReadOnlyList<TrainingSample> samples)
    {
        if (samples.Count > 0 && samples[0].RowTargets is { } first)
        {
            return first.Length == 1 && samples.All(s => s.RowTargets![0] is >= 0 and var target && target == MathF.Floor(target))
                ? samples.GroupBy(s => s.RowTargets![0]).Sum(g => -(double)g.Count() / samples.Count * Math.Log((double)g.Count() / samples.Count))
                : null;
        }

        var counts = new Dictionary<int, long>();
        long total = 0;
        foreach (var sample in samples)
        {
            foreach (var label in sample.Labels)
            {
                if (label != TrainingSample.Ignored)
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(counts, label, out _)++;
                    total++;
                }
            }
        }

        return counts.Values.Sum(c => -(double)c / total * Math.Log((double)c / total));
    }

    private static double Overlap(IReadOnlyList<TrainingSample> training, IReadOnlyList<TrainingSample> validation)
    {
        var known = training.SelectMany(Documents).ToHashSet();
        var (all, found) = (0, 0);
        foreach (var document in validation.SelectMany(Documents))
        {
            all++;
            found += known.Contains(document) ? 1 : 0;
        }

        return all == 0 ? 0 : (double)found / all;
    }

    private static IEnumerable<UInt128> Documents(TrainingSample sample)
    {
        var at = 0;
        foreach (var length in sample.DocumentLengths ?? [sample.Length])
        {
            yield return XxHash128.HashToUInt128(MemoryMarshal.AsBytes(sample.InputIds.AsSpan(at, length)));
            at += length;
        }
    }
}
