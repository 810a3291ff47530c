using TrainTools.Core.Training;

namespace TrainTools.Trainer.Generation;

/// <summary>Chooses the next token from logits: temperature, then top-k, then top-p, as transformers orders them.</summary>
/// <param name="options">How.</param>
/// <param name="request">Number of the request; each has a stream of random numbers of its own.</param>
public sealed class TokenSampler(SamplingOptions options, int request = 0)
{
    private readonly SeededRandom random = new(options.Seed, RandomPurpose.Generation, request);

    /// <summary>The chosen token.</summary>
    /// <param name="logits">Logits of the vocabulary.</param>
    public int Choose(ReadOnlySpan<float> logits)
    {
        if (!options.DoSample)
        {
            var best = 0;
            for (var i = 1; i < logits.Length; i++)
            {
                best = logits[i] > logits[best] ? i : best;
            }

            return best;
        }

        var candidates = new (double Weight, int Token)[logits.Length];
        for (var i = 0; i < logits.Length; i++)
        {
            candidates[i] = (logits[i] / options.Temperature, i);
        }

        // The most likely first; equal ones by their number, so that the choice depends on nothing else.
        Array.Sort(candidates, (a, b) => a.Weight != b.Weight ? b.Weight.CompareTo(a.Weight) : a.Token.CompareTo(b.Token));
        var kept = options.TopK > 0 ? Math.Min(options.TopK, candidates.Length) : candidates.Length;
        var largest = candidates[0].Weight;
        double total = 0;
        for (var i = 0; i < kept; i++)
        {
            candidates[i].Weight = Math.Exp(candidates[i].Weight - largest);
            total += candidates[i].Weight;
        }

        if (options.TopP < 1)
        {
            var wanted = options.TopP * total;
            var sum = 0.0;
            var n = 0;
            while (n < kept && sum < wanted)
            {
                sum += candidates[n++].Weight;
            }

            (kept, total) = (Math.Max(1, n), Math.Max(sum, candidates[0].Weight));
        }

        var point = random.NextDouble() * total;
        for (var i = 0; i < kept; i++)
        {
            point -= candidates[i].Weight;
            if (point < 0)
            {
                return candidates[i].Token;
            }
        }

        return candidates[kept - 1].Token;
    }
}
