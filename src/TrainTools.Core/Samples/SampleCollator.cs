namespace TrainTools.Core.Samples;

/// <summary>Makes batches of samples. Padding is by position: no token id is ever masked because it looks like padding.</summary>
/// <param name="padTokenId">Id that fills rows; what it is does not matter to the result.</param>
/// <param name="padToMultipleOf">Row length is rounded up to a multiple of this.</param>
public sealed class SampleCollator(int padTokenId, int padToMultipleOf = 1)
{
    /// <summary>Rows padded on the right, or one padding-free row where the samples are packed documents or it is asked for.</summary>
    /// <param name="samples">The samples; packed ones and others are not mixed.</param>
    /// <param name="paddingFree">Puts every sample into one row as a document of its own.</param>
    public SampleBatch Collate(IReadOnlyList<TrainingSample> samples, bool paddingFree = false)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return paddingFree || samples.Any(s => s.DocumentLengths is not null) ? Flatten(samples) : Pad(samples);
    }

    private SampleBatch Pad(IReadOnlyList<TrainingSample> samples)
    {
        var columns = RoundUp(samples.Max(s => s.Length));
        var ids = new long[samples.Count * columns];
        var labels = new long[ids.Length];
        Array.Fill(ids, padTokenId);
        Array.Fill(labels, TrainingSample.Ignored);
        for (var row = 0; row < samples.Count; row++)
        {
            Copy(samples[row].InputIds, ids.AsSpan(row * columns));
            Copy(samples[row].Labels, labels.AsSpan(row * columns));
        }

        return Finish(samples, samples.Count, columns, ids, labels) with { RowLengths = [.. samples.Select(s => s.Length)] };
    }

    private SampleBatch Flatten(IReadOnlyList<TrainingSample> samples)
    {
        var lengths = samples.SelectMany(s => s.DocumentLengths ?? [s.Length]).ToArray();
        var columns = RoundUp(lengths.Sum());
        var ids = new long[columns];
        var labels = new long[columns];
        Array.Fill(ids, padTokenId);
        Array.Fill(labels, TrainingSample.Ignored);
        var at = 0;
        foreach (var sample in samples)
        {
            Copy(sample.InputIds, ids.AsSpan(at));
            Copy(sample.Labels, labels.AsSpan(at));
            at += sample.Length;
        }

        at = 0;
        foreach (var length in lengths)
        {
            labels[at] = TrainingSample.Ignored; // nothing before a document's first token predicts it
            at += length;
        }

        return Finish(samples, 1, columns, ids, labels) with { DocumentLengths = lengths };
    }

    private static SampleBatch Finish(IReadOnlyList<TrainingSample> samples, int rows, int columns, long[] ids, long[] labels)
    {
        var targets = new List<long>();
        var positions = new List<long>();
        for (var row = 0; row < rows; row++)
        {
            for (var column = 1; column < columns; column++)
            {
                var at = (row * columns) + column;
                if (labels[at] != TrainingSample.Ignored)
                {
                    positions.Add(at - 1);
                    targets.Add(labels[at]);
                }
            }
        }

        return new SampleBatch
        {
            Rows = rows,
            Columns = columns,
            InputIds = ids,
            Labels = labels,
            TargetPositions = [.. positions],
            TargetIds = [.. targets],
            Tokens = samples.Sum(s => s.Length),
            Samples = samples,
            SampleCount = samples.Count,
            RowTargets = samples.Any(s => s.RowTargets is null) ? null : [.. samples.SelectMany(s => s.RowTargets!)],
            RecordIndexes = [.. samples.SelectMany(s => s.RecordIndexes)],
        };
    }

    private int RoundUp(int length) => (length + padToMultipleOf - 1) / padToMultipleOf * padToMultipleOf;

    private static void Copy(int[] from, Span<long> to)
    {
        for (var i = 0; i < from.Length; i++)
        {
            to[i] = from[i];
        }
    }
}
