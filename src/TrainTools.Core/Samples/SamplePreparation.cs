using TrainTools.Core.Configuration;
using TrainTools.Core.Data;

namespace TrainTools.Core.Samples;

/// <summary>
/// From records to the rows of an epoch: encode (in parallel, order kept), truncate, drop what has nothing to learn from
/// and say so, pack. The order of these is TRL's.
/// </summary>
/// <param name="encoder">Records to tokens.</param>
/// <param name="options">How.</param>
/// <param name="beginTokenId">Kept at the front where <see cref="SampleOptions.KeepTarget"/> cuts the start; null = none.</param>
public sealed class SamplePreparation(IRecordEncoder encoder, SampleOptions options, int? beginTokenId = null)
{
    private const int BlockSize = 2048;

    /// <summary>Prepares the rows of an epoch.</summary>
    /// <param name="records">The records.</param>
    /// <param name="cancellation">Ends it between blocks of records.</param>
    public PreparedSamples Prepare(IEnumerable<TrainingRecord> records, CancellationToken cancellation = default) => Pack(Encode(records, cancellation));

    /// <summary>One sample a record, not packed.</summary>
    /// <param name="records">The records.</param>
    /// <param name="cancellation">Ends it between blocks of records.</param>
    public PreparedSamples Encode(IEnumerable<TrainingRecord> records, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        var tally = new Tally();
        List<TrainingSample> samples = [.. Kept(records, tally, cancellation)];
        return tally.Account(samples);
    }

    /// <summary>The rows of an epoch as they get ready, for looking at the first ones of much data.</summary>
    /// <param name="records">The records.</param>
    /// <param name="onEnd">Told at the end what became of them; its rows are empty.</param>
    /// <param name="cancellation">Ends it between blocks of records.</param>
    public IEnumerable<TrainingSample> Stream(IEnumerable<TrainingRecord> records, Action<PreparedSamples>? onEnd = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        var tally = new Tally();
        var kept = Kept(records, tally, cancellation);
        foreach (var sample in options is { Packing: true, MaxLength: { } length } ? SamplePacker.Pack(kept, length, options.PackingStrategy) : kept)
        {
            yield return sample;
        }

        onEnd?.Invoke(tally.Account([]));
    }

    /// <summary>Packs samples where packing is on.</summary>
    public PreparedSamples Pack(PreparedSamples samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return options is { Packing: true, MaxLength: { } length }
            ? samples.With([.. SamplePacker.Pack(samples.Samples, length, options.PackingStrategy)])
            : samples;
    }

    private IEnumerable<TrainingSample> Kept(IEnumerable<TrainingRecord> records, Tally tally, CancellationToken cancellation)
    {
        foreach (var block in records.Chunk(BlockSize))
        {
            cancellation.ThrowIfCancellationRequested();
            var encoded = new EncodedRecord[block.Length];
            ForEach(block.Length, i => encoded[i] = encoder.Encode(block[i]));
            for (var i = 0; i < block.Length; i++)
            {
                if (encoded[i].IsFinal)
                {
                    foreach (var sample in Count(block[i], encoded[i], tally))
                    {
                        yield return sample;
                    }
                }
                else if (Keep(block[i], encoded[i], tally) is { } sample)
                {
                    yield return sample;
                }
            }
        }
    }

    // The first failing record in the data's order is the one reported, whichever thread met its own first.
    private static void ForEach(int count, Action<int> body)
    {
        try
        {
            Parallel.For(0, count, body);
        }
        catch (AggregateException e) when (e.InnerExceptions.Count > 0)
        {
            for (var i = 0; i < count; i++)
            {
                body(i);
            }

            throw;
        }
    }

    // The encoder has cut and chosen already: only the account is left to be kept.
    private static IEnumerable<TrainingSample> Count(TrainingRecord record, EncodedRecord encoded, Tally tally)
    {
        tally.Records++;
        tally.Truncated += encoded.TokensLost > 0 ? 1 : 0;
        tally.TokensLost += encoded.TokensLost;
        if (encoded.Drop is { } reason)
        {
            tally.Dropped.Add(new DroppedRecord(record.Index, record.SourceFile, record.SourceLine, encoded.Sample.Length, reason));
            return [];
        }

        return [encoded.Sample, .. encoded.Further];
    }

    private TrainingSample? Keep(TrainingRecord record, EncodedRecord encoded, Tally tally)
    {
        var sample = encoded.Sample;
        tally.Records++;
        if (encoded.PromptSplitsToken)
        {
            tally.PromptSplits++;
            tally.FirstPromptSplit ??= SampleEncoder.Place(record);
        }

        var packs = options.Packing && options.MaxLength is not null;
        var truncates = !packs || options.PackingStrategy == PackingStrategy.Bfd;
        var before = sample.Length;
        var hadTarget = HasTarget(sample);
        if (truncates && options.MaxLength is { } length && before > length)
        {
            tally.Truncated++;
            tally.TokensLost += before - length;
            sample = options.TruncationMode == TruncationMode.KeepEnd && !packs ? sample with { InputIds = sample.InputIds[^length..], Labels = sample.Labels[^length..] } : Cut(sample, length);
        }

        // TRL drops rows without a label only when it does not pack; a row without any target teaches nothing either way,
        // but within a pack it is left where the packer expects it.
        if (packs ? sample.Length > 0 : HasTarget(sample))
        {
            return sample;
        }

        tally.Dropped.Add(new DroppedRecord(record.Index, record.SourceFile, record.SourceLine, before, hadTarget ? DropReason.TargetTruncated : DropReason.NoTarget));
        return null;
    }

    private TrainingSample Cut(TrainingSample sample, int length)
    {
        var head = sample.Truncate(length);
        var first = Array.FindIndex(sample.Labels, 1, l => l != TrainingSample.Ignored);
        if (!options.KeepTarget || first < 0 || HasTarget(head))
        {
            return head;
        }

        // All of a short target, or the first half row of a long one behind half a row of prompt; the begin token stays.
        var begins = beginTokenId is { } begin && sample.InputIds[0] == begin && length > 2;
        var room = begins ? length - 1 : length;
        var start = Math.Min(sample.Length - room, Math.Max(1, first - (room / 2)));
        int[] ids = sample.InputIds[start..(start + room)];
        int[] labels = sample.Labels[start..(start + room)];
        return sample with
        {
            InputIds = begins ? [sample.InputIds[0], .. ids] : ids,
            Labels = begins ? [TrainingSample.Ignored, .. labels] : labels,
        };
    }

    // The label of the first token is never a target: nothing stands before it.
    private static bool HasTarget(TrainingSample sample) => sample.Labels.AsSpan(Math.Min(1, sample.Length)).IndexOfAnyExcept(TrainingSample.Ignored) >= 0;

    private sealed class Tally
    {
        public List<DroppedRecord> Dropped { get; } = [];

        public long Records { get; set; }

        public long Truncated { get; set; }

        public long TokensLost { get; set; }

        public long PromptSplits { get; set; }

        public string? FirstPromptSplit { get; set; }

        public PreparedSamples Account(IReadOnlyList<TrainingSample> samples) => new()
        {
            Samples = samples,
            Dropped = Dropped,
            Records = Records,
            Truncated = Truncated,
            TokensLost = TokensLost,
            PromptSplits = PromptSplits,
            FirstPromptSplit = FirstPromptSplit,
        };
    }
}
