namespace TrainTools.Core.Samples;

/// <summary>
/// Cuts a micro-batch into parts that are computed one after the other. A loss that is a sum over tokens or rows, and its
/// gradient, are the same for any parts, up to the order of additions; what is kept for the backward pass is as large as
/// the largest part. Where gradients are small, as those of adapters are, adding them up costs next to nothing.
/// </summary>
public static class BatchParts
{
    /// <summary>
    /// Most tokens of a part where adapters are trained on a CPU. Fewer would make products slower, which lay each weight out anew;
    /// more would keep more memory.
    /// </summary>
    public const int AdapterTokens = 1024;

    /// <summary>Parts pay where the parameters that are trained are at most one in this many: their gradients are added to for each part.</summary>
    public const int AdapterShare = 8;

    /// <summary>The parts in order: of whole samples, as few and as even as they allow.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="tokens">Most tokens of a part, padding included; at least 1. A sample that is longer is a part by itself.</param>
    public static IReadOnlyList<SampleBatch> Of(SampleBatch batch, int tokens)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        long[] lengths = [.. batch.Samples.Select(s => batch.DocumentLengths is null ? batch.Columns : (long)s.Length)];
        if (lengths.Length < 2 || lengths.Sum() <= tokens)
        {
            return [batch];
        }

        var full = Ends(lengths, tokens);
        var even = EvenEnds(lengths, full.Count);
        var ends = even.Select((end, i) => (First: i == 0 ? 0 : even[i - 1], End: end)).All(p => p.End - p.First == 1 || lengths[p.First..p.End].Sum() <= tokens) ? even : full;
        return [.. ends.Select((end, i) => Part(batch, i == 0 ? 0 : ends[i - 1], end))];
    }

    /// <summary>Rows of the largest part of a batch whose rows are of one length.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="length">Tokens of each, padding included.</param>
    /// <param name="tokens">Most tokens of a part.</param>
    public static long LargestRows(long rows, long length, int tokens)
    {
        var most = Math.Max(1, tokens / Math.Max(1, length));
        var parts = Math.Max(1, (rows + most - 1) / most);
        return (rows + parts - 1) / parts;
    }

    // Where parts end that take as many samples as fit.
    private static List<int> Ends(long[] lengths, int tokens)
    {
        var (ends, held) = (new List<int>(), 0L);
        for (var i = 0; i < lengths.Length; i++)
        {
            if (i > 0 && held + lengths[i] > tokens)
            {
                ends.Add(i);
                held = 0;
            }

            held += lengths[i];
        }

        ends.Add(lengths.Length);
        return ends;
    }

    // Where that many parts of even sizes end: a sample belongs to the part that its middle falls into.
    private static List<int> EvenEnds(long[] lengths, int count)
    {
        var (ends, total, before, last) = (new List<int>(), lengths.Sum(), 0L, -1L);
        for (var i = 0; i < lengths.Length; i++)
        {
            var part = ((2 * before) + lengths[i]) * count / (2 * total);
            if (part != last && i > 0)
            {
                ends.Add(i);
            }

            last = part;
            before += lengths[i];
        }

        ends.Add(lengths.Length);
        return ends;
    }

    private static SampleBatch Part(SampleBatch batch, int first, int end)
    {
        TrainingSample[] samples = [.. batch.Samples.Skip(first).Take(end - first)];
        int[] rows = [.. Enumerable.Range(first, end - first)];
        var flat = batch.DocumentLengths is not null;

        // Rows end where the longest of them does: what one part needs as padding, another need not have.
        var columns = flat ? samples.Sum(s => s.Length) : rows.Max(row => batch.RowLengths![row]);
        var start = flat ? batch.Samples.Take(first).Sum(s => s.Length) : (long)first * batch.Columns;
        var step = flat ? columns : batch.Columns;
        var count = flat ? 1 : rows.Length;
        var width = batch.RowTargets is null ? 0 : batch.RowTargets.Length / batch.SampleCount;
        var targets = Enumerable.Range(0, batch.TargetPositions.Length)
            .Where(i => batch.TargetPositions[i] >= start && batch.TargetPositions[i] < start + ((long)count * step)).ToArray();
        return new SampleBatch
        {
            Rows = count,
            Columns = columns,
            InputIds = Cut(batch.InputIds),
            Labels = Cut(batch.Labels),
            RowLengths = flat ? null : [.. rows.Select(row => batch.RowLengths![row])],
            DocumentLengths = flat ? [.. samples.SelectMany(s => s.DocumentLengths ?? [s.Length])] : null,
            TargetPositions = [.. targets.Select(i => Moved(batch.TargetPositions[i] - start))],
            TargetIds = [.. targets.Select(i => batch.TargetIds[i])],
            RowTargets = batch.RowTargets?[(first * width)..(end * width)],
            Samples = samples,
            Tokens = samples.Sum(s => s.Length),
            SampleCount = samples.Length,
            RecordIndexes = [.. samples.SelectMany(s => s.RecordIndexes)],
        };

        long[] Cut(long[] all) => [.. Enumerable.Range(0, count).SelectMany(row => all.AsSpan((int)start + (row * step), columns).ToArray())];

        long Moved(long place) => (place / step * columns) + (place % step);
    }
}
