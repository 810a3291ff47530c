using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// Training and evaluation see different things: the training loss stays above the held-out one, or lies far below it
/// before anything can have been learnt by heart.
/// </summary>
public sealed class TrainEvaluationMismatchDetector : IDetector
{
    /// <summary>Training loss over held-out loss from which it is said.</summary>
    public const double Above = 1.08;

    /// <summary>The same where dropout is known to be high, so that just this is to be expected.</summary>
    public const double AboveByDropout = 1.03;

    /// <summary>Dropout from which that holds.</summary>
    public const double HighDropout = 0.3;

    /// <summary>Held-out loss over training loss, within the first epoch, from which it is said.</summary>
    public const double Below = 1.5;

    /// <summary>Evaluations in a row with training above.</summary>
    public const int EvaluationsAbove = 3;

    /// <summary>Evaluations in a row with training below.</summary>
    public const int EvaluationsBelow = 2;

    /// <summary>Standard errors of the difference that it must exceed.</summary>
    public const double Errors = 4;

    /// <summary>The same ratio over all steps between the last evaluations, which noise leaves alone.</summary>
    public const double PooledAbove = 1.06;

    /// <summary>Part of that limit that belongs to the choice of held-out rows: this over the root of their number.</summary>
    public const double PooledRows = 0.4;

    /// <summary>Dropout inside the model that only overfitting justifies.</summary>
    public const double ExtremeDropout = 0.4;

    /// <summary>The ratio from which there is no such overfitting.</summary>
    public const double PooledByDropout = 0.94;

    private int above;
    private int below;
    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.TrainEvaluationMismatch;

    /// <inheritdoc/>
    public void Reset() => (above, below, open) = (0, 0, false);

    /// <inheritdoc/>
    public Sighting? OnEvaluation(RunHistory history)
    {
        var losses = history.EvaluationLosses();
        if (losses.Count == 0 || history.Count < 10)
        {
            return null;
        }

        // The last points only: while the loss falls fast, a longer median would lie above it.
        var (name, loss, step) = (losses[^1].Name, losses[^1].Loss, losses[^1].Step);
        var points = Math.Clamp(history.Block, 8, 20);
        var training = history.MedianLoss(points, history.Count);
        if (!double.IsFinite(loss) || !double.IsFinite(training) || history.Facts.Curriculum)
        {
            return null;
        }

        // Smoothed labels cost something in training that evaluation does not have.
        var smoothing = (history.Facts.Config?.Task.LabelSmoothingFactor ?? 0) * Math.Log(history.Facts.Classes ?? 2);
        var (limit, needed, floor) = history.Facts.Dropout >= HighDropout ? (AboveByDropout, EvaluationsAbove - 1, 0.015) : (Above, EvaluationsAbove, 0.03);
        var difference = Math.Max(floor * history.StartLoss, Errors * Noise(history, losses, points));
        above = training - smoothing > limit * loss && training - smoothing - loss > difference ? above + 1 : 0;
        below = loss > Below * training && loss - training > difference && history.Epochs[^1] <= 1.01 ? below + 1 : 0;
        var pooled = Pooled(history, losses, smoothing);
        if (open)
        {
            if (above > 0 || pooled.IsAbove || (loss > Below * training && loss - training > difference))
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"After step {step} they agree: {Figure.Of(training)} in training, {Figure.Of(loss)} held out.");
        }

        if (above < needed && below < EvaluationsBelow && !pooled.IsAbove)
        {
            return null;
        }

        open = true;
        var isAbove = above >= needed;
        if (!isAbove && pooled.IsAbove)
        {
            return Between(history, pooled, name, step);
        }

        var from = losses[^(isAbove ? needed : EvaluationsBelow)].Step;
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = from,
            Summary = isAbove
                ? $"The training loss ({Figure.Of(training)}) stays {Figure.Percent((training / loss) - 1)} above {name} ({Figure.Of(loss)}): training sees something that evaluation does not."
                : $"{name} ({Figure.Of(loss)}) is {Figure.Percent((loss / training) - 1)} above the training loss ({Figure.Of(training)}) within the first epoch, when nothing can have been learnt by heart.",
            Evidence = [new("loss_ratio", training / loss, isAbove ? limit : 1 / Below, from, step, $"Training over held-out loss after step {step}: {Figure.Of(training / loss)} (expected: {Figure.Of(1 / Below)} to {Figure.Of(limit)}); median of {points} points")],
        };
    }

    private static Sighting Between(RunHistory history, (bool IsAbove, double Ratio, double Limit, double Training, double Held, int From) pooled, string name, int step) => new()
    {
        Severity = FindingSeverity.Warning,
        FirstStep = pooled.From,
        Summary = pooled.Limit < 1
            ? $"With a dropout of {Figure.Of(InnerDropout(history))} the training loss ({Figure.Of(pooled.Training)}) lies no lower against {name} ({Figure.Of(pooled.Held)}) than it does without: it holds learning back where there is no overfitting to hold back."
            : $"Between evaluations the training loss is {Figure.Of(pooled.Training)} and {name} {Figure.Of(pooled.Held)}, {Figure.Percent(pooled.Ratio - 1)} apart and no chance: training sees something that evaluation does not.",
        Evidence = [new("loss_ratio", pooled.Ratio, pooled.Limit, pooled.From, step, $"Mean training over held-out loss between the evaluations of steps {pooled.From} to {step}: {Figure.Of(pooled.Ratio)} (limit {Figure.Of(pooled.Limit)})")],
    };

    // Training and held-out loss over the stretches between the last evaluations: the mean of a stretch against the mean of the
    // two evaluations at its ends. Where the loss falls ever more slowly, the former lies below the latter.
    private static (bool IsAbove, double Ratio, double Limit, double Training, double Held, int From) Pooled(RunHistory history, IReadOnlyList<EvaluationLoss> losses, double smoothing)
    {
        const int Stretches = 5;
        const int Least = 3;
        const int Points = 4;
        var (count, ratio, variance, training, held, latest, from) = (0, 0.0, 0.0, 0.0, 0.0, 0.0, 0);
        for (var i = Math.Max(1, losses.Count - Stretches); i < losses.Count; i++)
        {
            var (before, after) = (losses[i - 1], losses[i]);
            var points = history.Losses[history.IndexOf(before.Step + 1)..history.IndexOf(after.Step + 1)];
            var level = (before.Loss + after.Loss) / 2;
            if (points.Length < Points || before.Name != after.Name || !(level > 0) || !double.IsFinite(level))
            {
                continue;
            }

            var (mean, error) = Mean(points);
            if (double.IsNaN(mean))
            {
                continue;
            }

            count++;
            latest = (mean - smoothing) / level;
            (ratio, training, held) = (ratio + latest, training + mean - smoothing, held + level);
            variance += error * error / (level * level);
            from = from == 0 ? before.Step + 1 : from;
        }

        if (count < Least)
        {
            return default;
        }

        (ratio, training, held) = (ratio / count, training / count, held / count);
        var byDropout = InnerDropout(history) >= ExtremeDropout;
        var limit = byDropout ? PooledByDropout : history.Facts.EvaluationRows is > 0 and { } rows ? Math.Max(PooledAbove, 1 + (PooledRows / Math.Sqrt(rows))) : PooledAbove;
        var isAbove = ratio > limit && latest > limit - 0.02 && ratio - Math.Min(1, limit) > Errors * Math.Sqrt(variance) / count
            && (byDropout || training - held > 0.02 * history.StartLoss);
        return (isAbove, ratio, limit, training, held, from);
    }

    private static (double Mean, double Error) Mean(ReadOnlySpan<double> values)
    {
        var mean = 0.0;
        foreach (var value in values)
        {
            mean += value / values.Length;
        }

        var squares = 0.0;
        foreach (var value in values)
        {
            squares += (value - mean) * (value - mean);
        }

        return (mean, Math.Sqrt(squares / (values.Length - 1) / values.Length));
    }

    // That of a classifier's head alone harms little.
    private static double InnerDropout(RunHistory history) => history.Facts.Config?.Model is { } model
        ? Math.Max(model.AttentionDropout ?? 0, model.HiddenDropout ?? 0)
        : history.Facts.Dropout ?? 0;

    // Standard error of the difference: of the median of the last points, and of one evaluation as its neighbours show it.
    private static double Noise(RunHistory history, IReadOnlyList<EvaluationLoss> losses, int points)
    {
        var scale = RobustStatistics.DifferenceScale(history.Losses[^Math.Min(history.Count, 4 * points)..]);
        var ofTraining = double.IsNaN(scale) ? 0 : 1.25 * scale / Math.Sqrt(points);
        var lately = losses.TakeLast(5).Select(e => e.Loss).ToArray();
        var ofEvaluation = lately.Length < 4 ? 0 : RobustStatistics.DifferenceScale(lately);
        return Math.Sqrt((ofTraining * ofTraining) + (double.IsNaN(ofEvaluation) ? 0 : ofEvaluation * ofEvaluation));
    }
}
