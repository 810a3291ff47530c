using System.IO.Hashing;
using System.Runtime.InteropServices;
using TrainTools.Core.Samples;
using TrainTools.Core.Training;

namespace TrainTools.Trainer.Training;

/// <summary>A batch with some tokens hidden.</summary>
/// <param name="InputIds">Token ids [Rows × Columns] as the model sees them.</param>
/// <param name="Positions">Places in the flattened batch that it must guess, ascending.</param>
/// <param name="Targets">The tokens that stood there.</param>
public sealed record MaskedBatch(long[] InputIds, long[] Positions, long[] Targets);

/// <summary>
/// Hides tokens as BERT's pre-training does: of each row a share of the tokens (or whole words), rounded and at least one; of
/// these four in five become the mask token, one in ten any token, and one in ten stays. What is drawn depends on the seed,
/// the step and the row's own tokens only: not on batches, so that a run resumed or with halved batches masks the same.
/// </summary>
/// <param name="maskToken">Id of the mask token.</param>
/// <param name="vocabulary">Tokens to choose from.</param>
/// <param name="probability">Share that is hidden.</param>
/// <param name="wholeWords">Hide all tokens of a word or none.</param>
/// <param name="seed">The run's seed.</param>
public sealed class TokenMasking(int maskToken, int vocabulary, double probability, bool wholeWords, long seed)
{
    /// <summary>Hides tokens of a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="step">0-based step; -1 for evaluations, which always hide the same.</param>
    public MaskedBatch Mask(SampleBatch batch, int step)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var ids = (long[])batch.InputIds.Clone();
        var positions = new List<long>();
        for (var row = 0; row < batch.Rows; row++)
        {
            var sample = batch.Samples[row];
            var own = unchecked((long)XxHash64.HashToUInt64(MemoryMarshal.AsBytes(sample.InputIds.AsSpan()), step));
            var random = new SeededRandom(seed, RandomPurpose.Masking, own);
            foreach (var token in Choose(sample, random).Order())
            {
                var at = (row * batch.Columns) + token;
                positions.Add(at);
                ids[at] = random.NextDouble() is var draw && draw < 0.8 ? maskToken : draw < 0.9 ? random.NextInt(vocabulary) : ids[at];
            }
        }

        return new MaskedBatch(ids, [.. positions], [.. positions.Select(p => batch.InputIds[p])]);
    }

    private List<int> Choose(TrainingSample sample, SeededRandom random)
    {
        int[] candidates = [.. Enumerable.Range(0, sample.Length).Where(i => sample.Labels[i] != TrainingSample.Ignored)];
        int[][] units = wholeWords ? [.. candidates.GroupBy(i => sample.WordIds![i]).Select(g => g.ToArray())] : [.. candidates.Select(i => new[] { i })];
        random.Shuffle<int[]>(units);
        var wanted = candidates.Length == 0 ? 0 : Math.Max(1, (int)Math.Round(candidates.Length * probability));
        var chosen = new List<int>();
        foreach (var unit in units)
        {
            // A word that would go over is passed by, unless nothing is chosen yet.
            if (chosen.Count < wanted && (chosen.Count == 0 || chosen.Count + unit.Length <= wanted))
            {
                chosen.AddRange(unit);
            }
        }

        return chosen;
    }
}
