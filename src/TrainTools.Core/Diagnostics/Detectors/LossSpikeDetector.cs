using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// The loss jumps: two of three points far above the median of the points before, or one point whose gradient jumps with
/// it, or one so far above that it needs no other witness. A spike that recovers is worth knowing; one that does not, or that returns, is worth acting on.
/// </summary>
public sealed class LossSpikeDetector : IDetector
{
    /// <summary>Points of the reference.</summary>
    public const int Window = 64;

    /// <summary>Points needed before the first judgement.</summary>
    public const int LeastPoints = 20;

    /// <summary>Height in standard deviations (scaled MAD) of the reference.</summary>
    public const double Deviations = 5;

    /// <summary>Least height in ln(loss): a quarter.</summary>
    public const double LeastHeight = 0.223;

    /// <summary>Least height of a single point, in ln(loss).</summary>
    public const double LeastSingleHeight = 0.405;

    /// <summary>Height in standard deviations, and in ln(loss), of a single point that needs no gradient to be believed.</summary>
    public const double LoneDeviations = 8;

    /// <summary>The same in ln(loss): two and a half times the loss before.</summary>
    public const double LoneHeight = 0.916;

    /// <summary>Deviations of ln(gradient norm) that make one point enough.</summary>
    public const double GradientDeviations = 6;

    /// <summary>Points after which the loss must be back.</summary>
    public const int Patience = 50;

    /// <summary>Spikes within <see cref="Memory"/> points that make it a warning.</summary>
    public const int Many = 3;

    /// <summary>Points over which spikes are counted.</summary>
    public const int Memory = 300;

    private readonly Queue<(int Index, IReadOnlyList<long> Records)> spikes = new();
    private double before = double.NaN;
    private double noise;
    private int firstIndex;
    private int lastIndex = -1;
    private bool open;
    private bool warned;

    /// <inheritdoc/>
    public string Symptom => Symptoms.LossSpike;

    /// <inheritdoc/>
    public void Reset()
    {
        spikes.Clear();
        (open, warned, lastIndex) = (false, false, -1);
    }

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var y = history.LogLosses;
        var now = y.Length - 1;
        if (!open)
        {
            return IsSpike(history, out var level, out var scale) ? Begin(history, level, scale) : null;
        }

        if (!double.IsNaN(y[^1]) && y[^1] > before + Math.Max(LeastHeight, Deviations * noise))
        {
            lastIndex = now;
        }

        var since = now - firstIndex;
        var recovered = since >= 5 && RobustStatistics.Median(y[^5..]) < before + Math.Max(0.05, 2 * noise);
        if (recovered)
        {
            open = false;
            return Sighting.Ended($"The loss was back after {history.LastStep - history.Steps[firstIndex]} steps.");
        }

        if (since < Patience || warned)
        {
            return null;
        }

        var level20 = RobustStatistics.Median(y[^20..]);
        if (history.Facts.Curriculum || level20 < before + Math.Max(0.1, 3 * noise / Math.Sqrt(20)))
        {
            return null;
        }

        warned = true;
        return Describe(history, FindingSeverity.Warning, $" After {history.LastStep - history.Steps[firstIndex]} steps it has not come back: the median is {Figure.Of(history.MedianLoss(20, history.Count))}.");
    }

    private static bool IsSpike(RunHistory history, out double level, out double scale)
    {
        (level, scale) = (double.NaN, double.NaN);
        var y = history.LogLosses;
        if (y.Length < LeastPoints + 3 || double.IsNaN(y[^1]))
        {
            return false;
        }

        // Nearly all points lie below the quarter that makes a spike; the medians are only worked out for those that may not.
        var reference = y[Math.Max(0, y.Length - 3 - Window)..^3];
        if (y[^1] < Smallest(reference) + LeastHeight)
        {
            return false;
        }

        level = RobustStatistics.Median(reference);
        scale = Math.Max(0.01, RobustStatistics.Mad(reference, level));
        var limit = level + Math.Max(Deviations * scale, LeastHeight);
        var above = (y[^1] > limit ? 1 : 0) + (y[^2] > limit ? 1 : 0) + (y[^3] > limit ? 1 : 0);
        if (y[^1] > limit && above >= 2)
        {
            return true;
        }

        if (y[^1] > level + Math.Max(LoneDeviations * scale, LoneHeight) && history.Losses[^1] > history.StartLoss)
        {
            return true;
        }

        if (!history.Facts.HasGradNorm || y[^1] <= level + Math.Max(Deviations * scale, LeastSingleHeight))
        {
            return false;
        }

        var g = history.LogGradNorms;
        var gradients = g[Math.Max(0, g.Length - 3 - Window)..^3];
        var middle = RobustStatistics.Median(gradients);
        return g[^1] > middle + (GradientDeviations * Math.Max(0.05, RobustStatistics.Mad(gradients, middle)));
    }

    private static double Smallest(ReadOnlySpan<double> values)
    {
        var smallest = double.PositiveInfinity;
        foreach (var value in values)
        {
            smallest = value < smallest ? value : smallest;
        }

        return smallest;
    }

    private Sighting Begin(RunHistory history, double level, double scale)
    {
        var now = history.Count - 1;
        var limit = level + Math.Max(Deviations * scale, LeastHeight);
        firstIndex = history.LogLosses[^3] > limit ? now - 2 : history.LogLosses[^2] > limit ? now - 1 : now;
        (before, noise, lastIndex, open, warned) = (level, scale, now, true, false);
        spikes.Enqueue((now, Records(history, firstIndex, now)));
        while (spikes.Peek().Index < now - Memory)
        {
            spikes.Dequeue();
        }

        warned = spikes.Count >= Many;
        return Describe(history, warned ? FindingSeverity.Warning : FindingSeverity.Info, warned ? $" It is number {spikes.Count} within {Memory} points." : string.Empty);
    }

    private Sighting Describe(RunHistory history, FindingSeverity severity, string more)
    {
        var start = history.StartLoss;
        var old = Math.Exp(before) - (0.02 * start);
        var (peak, at) = (double.NegativeInfinity, firstIndex);
        for (var i = firstIndex; i < history.Count && i <= firstIndex + Patience; i++)
        {
            (peak, at) = history.Losses[i] > peak ? (history.Losses[i], i) : (peak, at);
        }

        var step = history.Steps[at];
        return new Sighting
        {
            Severity = severity,
            FirstStep = history.Steps[firstIndex],
            Summary = $"The loss jumped from {Figure.Of(old)} to {Figure.Of(peak)} at step {step}.{more}",
            Evidence = [new("loss", peak, Math.Exp(before + Math.Max(Deviations * noise, LeastHeight)) - (0.02 * start), step, step, $"Loss {Figure.Of(peak)} at step {step}; median of the {Window} points before {Figure.Of(old)}, {Figure.Of((Math.Log(peak + (0.02 * start)) - before) / noise)} standard deviations above it")],
            Records = warned && spikes.Count >= Many ? Suspects() : Records(history, firstIndex, Math.Min(at, firstIndex + 2)),
        };
    }

    // Records that were there more than once are the ones; where there are none, all of them may be.
    private IReadOnlyList<long> Suspects()
    {
        var all = spikes.SelectMany(s => s.Records).GroupBy(r => r).OrderBy(g => g.Key).ToList();
        var again = all.Where(g => g.Count() > 1).ToList();
        return [.. (again.Count > 0 ? again : all).Select(g => g.Key)];
    }

    private static IReadOnlyList<long> Records(RunHistory history, int first, int last)
    {
        var records = new SortedSet<long>();
        for (var i = first; i <= last; i++)
        {
            var back = history.Count - 1 - i;
            TrainingStep? culprit = back < history.RecentCount ? history.Recent(back) : null;
            records.UnionWith(culprit?.Records ?? []);
        }

        return [.. records];
    }
}
