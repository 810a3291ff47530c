using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Probes;

/// <summary>
/// Looks for the learning rate at which the loss is lowest after a short branch: rates a factor of three apart, from the one
/// that is proposed towards the better side, until the best one lies between two worse ones. Every branch has the same
/// batches, so that the noise of the rows drops out.
/// </summary>
/// <param name="plan">What is tried.</param>
/// <param name="steps">Steps of a branch.</param>
public sealed class RateSearch(ProbePlan plan, int steps)
{
    /// <summary>Factor between neighbouring rates.</summary>
    public const double Factor = 3;

    /// <summary>Branches at most.</summary>
    public const int Most = 8;

    /// <summary>Loss over the lowest one up to which a lower rate is as good: it keeps its distance from where training becomes unstable.</summary>
    public const double AsGood = 1.01;

    /// <summary>Points whose loss over the first ones says that a branch is lost.</summary>
    private const int Points = 5;

    private readonly SortedDictionary<int, RateTrial> trials = [];

    /// <summary>What was tried so far, the lowest rate first.</summary>
    public IReadOnlyList<RateTrial> Trials => [.. trials.Values];

    /// <summary>The trial that the search comes to: the lowest rate that is as good as the best one; null where the loss fell at none.</summary>
    public RateTrial? Best => trials.Count == 0 ? null : trials.Values.FirstOrDefault(t => t.Falls && t.Loss <= AsGood * trials.Values.Min(o => o.Loss));

    /// <summary>The rate to be tried next; null where the best one is known.</summary>
    public double? Next()
    {
        if (trials.Count == 0)
        {
            return plan.FirstRate;
        }

        if (trials.Count >= Most)
        {
            return null;
        }

        // Where every branch is lost, the way is down. Of several that are the same (rates that do nothing) it is the highest
        // that counts: the best one lies above it.
        var least = trials.Values.Min(t => t.Loss);
        var lost = !double.IsFinite(least);
        var at = lost ? trials.Keys.First() : trials.Last(t => t.Value.Loss <= least).Key;
        int[] ways = lost ? [-1] : [1, -1];
        foreach (var way in ways)
        {
            if (!trials.ContainsKey(at + way) && IsWithin(Rate(at + way)))
            {
                return Rate(at + way);
            }
        }

        return null;
    }

    /// <summary>Takes a branch's steps.</summary>
    public void Add(double rate, IReadOnlyList<TrainingStep> branch)
    {
        ArgumentNullException.ThrowIfNull(branch);
        var late = branch.Where(s => s.Step > plan.FromStep + (steps / 2)).Select(s => s.Loss).ToArray();
        var whole = branch.Count >= steps - 1 && late.Length > 0 && !branch.Any(s => !double.IsFinite(s.Loss));
        var first = branch.Count == 0 ? double.NaN : RobustStatistics.Median([.. branch.Take(Points).Select(s => s.Loss)]);
        trials[(int)Math.Round(Math.Log(rate / plan.FirstRate) / Math.Log(Factor))] = new RateTrial(rate, first, whole ? RobustStatistics.Median(late) : double.PositiveInfinity, branch.Count);
    }

    /// <summary>Whether a branch need not be gone to its end: its loss is not finite, or has doubled and stays there.</summary>
    public static bool IsLost(IReadOnlyList<TrainingStep> branch)
    {
        ArgumentNullException.ThrowIfNull(branch);
        return branch.Count > 0 && (!double.IsFinite(branch[^1].Loss)
            || (branch.Count >= 3 * Points && branch.TakeLast(Points).Min(s => s.Loss) > 2 * branch.Take(Points).Average(s => s.Loss)));
    }

    // A rate beyond the run's own is no answer to the question whether that one is too high, or too low.
    private bool IsWithin(double rate) => plan.Kind == ProbeKind.HigherLearningRate ? rate > 1.5 * plan.RunRate : rate < plan.RunRate / 1.5;

    private double Rate(int at) => plan.FirstRate * Math.Pow(Factor, at);
}
