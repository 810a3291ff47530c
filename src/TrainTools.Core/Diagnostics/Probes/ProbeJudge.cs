using System.Globalization;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Probes;

/// <summary>Says what a probe's branch means for the cause it was about.</summary>
public static class ProbeJudge
{
    /// <summary>Difference of ln(loss) that counts: a twentieth.</summary>
    public const double LeastGain = 0.05;

    /// <summary>Share of its first loss that a batch learnt by heart goes below.</summary>
    public const double LearntShare = 0.5;

    /// <summary>Judges a branch.</summary>
    /// <param name="plan">What was tried.</param>
    /// <param name="original">Steps of the run.</param>
    /// <param name="branch">Steps of the branch.</param>
    public static ProbeResult Judge(ProbePlan plan, IReadOnlyList<TrainingStep> original, IReadOnlyList<TrainingStep> branch)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(branch);
        var (confirmed, text) = branch.Count == 0
            ? ((bool?)null, "The branch came to no step.")
            : plan.Kind switch
            {
                ProbeKind.OneBatch => OneBatch(plan, branch),
                ProbeKind.ReplayInFp32 => Replay(plan, original, branch),
                _ => Rate(plan, original, branch, branch[^1].LearningRate),
            };
        return new ProbeResult { Kind = plan.Kind, Cause = plan.Cause, Confirmed = confirmed, Summary = text };
    }

    /// <summary>Judges branches at several learning rates, and proposes the rate that was best.</summary>
    /// <param name="plan">What was tried.</param>
    /// <param name="original">Steps of the run.</param>
    /// <param name="search">The search that made the branches.</param>
    /// <param name="best">Steps of the branch of <see cref="RateSearch.Best"/>; empty where there is none.</param>
    public static ProbeResult Judge(ProbePlan plan, IReadOnlyList<TrainingStep> original, RateSearch search, IReadOnlyList<TrainingStep> best)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(search);
        ArgumentNullException.ThrowIfNull(best);
        var result = new ProbeResult { Kind = plan.Kind, Cause = plan.Cause, Summary = "", Rates = search.Trials };
        var tried = string.Join(", ", search.Trials.Select(t => double.IsFinite(t.Loss) ? t.ToString() : $"lost at {Figure.Of(t.LearningRate)}"));
        if (search.Best is not { } trial || best.Count == 0)
        {
            var none = search.Trials.All(t => t.Steps == 0);
            return result with
            {
                Confirmed = none ? null : false,
                Summary = none ? "No branch came to a step." : $"The loss falls at none of the rates tried ({tried}): it is not the rate, or not the rate alone.",
            };
        }

        var (confirmed, text) = Rate(plan, original, best, trial.LearningRate);
        var rate = double.Parse((trial.LearningRate * plan.PeakRate / plan.RunRate).ToString("G2", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        var format = ConfigSchema.Get("learning_rate");
        var summary = search.Trials.Count > 1 ? $"{text} Loss by rate: {tried}." : text;
        return confirmed is false || rate == plan.PeakRate ? result with { Confirmed = confirmed, Summary = summary } : result with
        {
            Confirmed = confirmed,
            Summary = summary,
            Remedy = new DiagnosisRemedy
            {
                Text = $"Set the learning rate to {Figure.Of(rate)}, the best of {search.Trials.Count} that were tried, and {(plan.FromStep > 0 ? $"go on from the checkpoint of step {plan.FromStep}" : "begin the run anew")}.",
                Changes = [new RemedyChange("learning_rate", format.Format(plan.PeakRate), format.Format(rate))],
                IsSafe = plan.Kind == ProbeKind.LowerLearningRate,
            },
        };
    }

    /// <summary>The diagnosis with what a probe of it came to: what was measured takes the place of what was guessed.</summary>
    public static Diagnosis Apply(Diagnosis diagnosis, ProbeResult result)
    {
        ArgumentNullException.ThrowIfNull(diagnosis);
        ArgumentNullException.ThrowIfNull(result);
        return diagnosis with
        {
            Probe = result,
            Causes = result.Remedy is not { } remedy ? diagnosis.Causes : [.. diagnosis.Causes.Select(c => !IsAboutRate(c) ? c : c with
            {
                Remedies = [remedy, .. c.Remedies.Where(r => !r.Changes.Any(change => change.Setting == "learning_rate"))],
            })],
        };
    }

    private static bool IsAboutRate(DiagnosisCause cause) => cause.Id is CauseIds.LearningRateTooHigh or CauseIds.LearningRateTooLow;

    // The same batches under both rates: the losses are compared step by step, so that the noise of the rows drops out.
    private static (bool? Confirmed, string Text) Rate(ProbePlan plan, IReadOnlyList<TrainingStep> original, IReadOnlyList<TrainingStep> branch, double at)
    {
        var losses = original.ToDictionary(s => s.Step, s => s.Loss);
        var last = branch[^1].Step;
        var pairs = branch.Where(b => b.Step > plan.FromStep + ((last - plan.FromStep) / 2) && losses.ContainsKey(b.Step)).ToList();
        if (pairs.Count < 5)
        {
            return EndedEarly(plan, original, branch, at);
        }

        var gains = pairs.Select(b => Gain(losses[b.Step], b.Loss)).ToArray();
        var gain = RobustStatistics.Median(gains);
        var error = 1.25 * RobustStatistics.Mad(gains, gain) / Math.Sqrt(gains.Length);
        var (now, then) = (RobustStatistics.Median([.. pairs.Select(p => p.Loss)]), RobustStatistics.Median([.. pairs.Select(p => losses[p.Step])]));
        var better = gain > Math.Max(LeastGain, 3 * error);
        var rate = Figure.Of(at);
        return (better, $"At a learning rate of {rate} the loss of steps {pairs[0].Step} to {pairs[^1].Step} is {Figure.Of(now)}, where the run had {Figure.Of(then)}: {(better ? "the rate was the cause" : "no better")}.");
    }

    // A run that was stopped at its trouble has no steps beside the branch's later ones: ends are compared with the beginning.
    private static (bool? Confirmed, string Text) EndedEarly(ProbePlan plan, IReadOnlyList<TrainingStep> original, IReadOnlyList<TrainingStep> branch, double at)
    {
        var steps = original.Where(s => s.Step > plan.FromStep).ToList();
        if (steps.Count < 2 || branch.Count < 10)
        {
            return (null, $"The run has {steps.Count} and the branch {branch.Count} steps after step {plan.FromStep}: too few to compare.");
        }

        var (first, then, now) = (steps[0].Loss, steps[^1].Loss, RobustStatistics.Median([.. branch.TakeLast(5).Select(s => s.Loss)]));
        var better = Gain(first, then) < -5 * LeastGain && Gain(first, now) > LeastGain;
        var seen = $"The run ended at step {steps[^1].Step} with a loss of {Figure.Of(then)}, from {Figure.Of(first)} at step {steps[0].Step}; at a learning rate of {Figure.Of(at)} it is {Figure.Of(now)} after {branch.Count} steps";
        return better ? (true, $"{seen}: the rate was the cause.") : (null, $"{seen}, which decides nothing: let the run go on for longer, or try the rate that the remedy names.");
    }

    private static double Gain(double original, double branch)
    {
        if (!double.IsFinite(branch))
        {
            return -10;
        }

        return double.IsFinite(original) ? Math.Log(Math.Max(original, 1e-9) / Math.Max(branch, 1e-9)) : 10;
    }

    private static (bool? Confirmed, string Text) Replay(ProbePlan plan, IReadOnlyList<TrainingStep> original, IReadOnlyList<TrainingStep> branch)
    {
        var (first, last) = plan.Window;
        var again = branch.Where(s => s.Step >= first && s.Step <= last).ToList();
        if (again.Count == 0)
        {
            return (null, $"The branch did not reach step {first}.");
        }

        var then = original.Where(s => s.Step >= first && s.Step <= last).ToList();
        var wasBroken = then.Any(s => !double.IsFinite(s.Loss) || !double.IsFinite(s.GradNorm));
        var broken = again.FirstOrDefault(s => !double.IsFinite(s.Loss) || !double.IsFinite(s.GradNorm));
        var before = branch.Where(s => s.Step < first).TakeLast(20).Select(s => s.Loss).ToArray();
        var peak = again.Max(s => s.Loss);
        var spikes = before.Length >= 3 && peak > 1.25 * RobustStatistics.Median(before);
        var repeats = broken is not null || (!wasBroken && spikes);
        var seen = broken is not null ? $"step {broken.Step} is not finite in fp32 either" : spikes ? $"the loss reaches {Figure.Of(peak)} in fp32 as well" : $"in fp32 all is finite, the highest loss {Figure.Of(peak)}";
        return plan.Cause == CauseIds.PrecisionOverflow
            ? (wasBroken ? broken is null : null, $"Replayed from step {plan.FromStep}: {seen}. {(broken is null && wasBroken ? "It was the number format." : "The number format is not to blame.")}")
            : (repeats, $"Replayed from step {plan.FromStep}: {seen}. {(repeats ? "It comes again with these records." : "It does not come again: not the records alone.")}");
    }

    private static (bool? Confirmed, string Text) OneBatch(ProbePlan plan, IReadOnlyList<TrainingStep> branch)
    {
        var (first, now) = (branch[0].Loss, RobustStatistics.Median([.. branch.TakeLast(3).Select(s => s.Loss)]));
        var learnt = now < LearntShare * first;
        var text = $"One batch of {plan.BatchRecords} records, {branch.Count} steps: the loss goes from {Figure.Of(first)} to {Figure.Of(now)}.";
        if (!learnt)
        {
            return (true, $"{text} A sound set-up learns a batch by heart: something in the set-up keeps it from learning.");
        }

        // Wrong targets can be learnt by heart as well: that they can says nothing for or against them.
        return plan.Cause is CauseIds.LabelsUnrelated or CauseIds.LabelsMisaligned
            ? (null, $"{text} The set-up learns; read those records for what the targets have to do with the inputs.")
            : (false, $"{text} The set-up learns: it is not the wiring.");
    }
}
