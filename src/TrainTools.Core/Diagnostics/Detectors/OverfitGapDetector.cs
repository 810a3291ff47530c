using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>The model does better on what it is trained on than on held-out data, and increasingly so.</summary>
public sealed class OverfitGapDetector : IDetector
{
    /// <summary>Gap relative to the training loss from which it is said.</summary>
    public const double Limit = 0.1;

    /// <summary>Gap from which it is a warning, if held-out data has gained nothing.</summary>
    public const double WarningLimit = 0.5;

    /// <summary>
    /// Share of the loss at the start that held-out data must have gained at its best: a model that generalises may well do
    /// better still on what it is trained on, and nothing is lost by that.
    /// </summary>
    public const double LeastGain = 0.05;

    /// <summary>Evaluations needed.</summary>
    public const int LeastEvaluations = 4;

    private readonly List<double> gaps = [];
    private bool open;
    private int hopeless;
    private FindingSeverity severity;

    /// <inheritdoc/>
    public string Symptom => Symptoms.OverfitGap;

    /// <inheritdoc/>
    public void Reset()
    {
        gaps.Clear();
        (open, hopeless) = (false, 0);
    }

    /// <inheritdoc/>
    public Sighting? OnEvaluation(RunHistory history)
    {
        var losses = history.EvaluationLosses();
        if (losses.Count == 0 || history.Count == 0)
        {
            return null;
        }

        var since = losses.Count > 1 ? history.Count - history.IndexOf(losses[^2].Step + 1) : history.Count;
        var training = history.MedianLoss(Math.Clamp(since, 1, 2 * history.Block), history.Count);
        var (name, loss, step) = (losses[^1].Name, losses[^1].Loss, losses[^1].Step);
        if (!double.IsFinite(loss) || !double.IsFinite(training))
        {
            return null;
        }

        // Against the larger of the training loss and a twentieth of the start, so that a loss near zero makes no huge gap.
        gaps.Add((loss - training) / Math.Max(training, 0.05 * history.StartLoss));
        if (open && gaps[^1] < Limit / 2)
        {
            open = false;
            return Sighting.Ended($"After step {step} the gap was {Figure.Percent(gaps[^1])}.");
        }

        // The training data is known by heart, and held-out data is worse than before there was any training.
        hopeless = training < 0.2 * history.StartLoss && loss > 1.1 * history.StartLoss ? hopeless + 1 : 0;
        if (hopeless >= 2 && !(open && severity >= FindingSeverity.Warning))
        {
            (open, severity) = (true, FindingSeverity.Warning);
            return new Sighting
            {
                Severity = FindingSeverity.Warning,
                FirstStep = losses[^2].Step,
                Summary = $"The training loss is {Figure.Of(training)}, {name} {Figure.Of(loss)}: more than the {Figure.Of(history.StartLoss)} that training began with.",
                Evidence = [new("loss_gap", gaps[^1], Limit, losses[^2].Step, step, $"{name} above the first training loss in two evaluations in a row, training below a fifth of it")],
            };
        }

        if (gaps.Count < LeastEvaluations || gaps[^1] < Limit || gaps[^1] <= gaps[0] || RobustStatistics.MannKendall(gaps.TakeLast(8).ToArray()) < 1.6)
        {
            return null;
        }

        var gainless = losses.Min(e => double.IsFinite(e.Loss) ? e.Loss : double.PositiveInfinity) > (1 - LeastGain) * history.Ground;
        var grade = gaps[^1] > WarningLimit && gainless ? FindingSeverity.Warning : FindingSeverity.Info;
        if (open && grade <= severity)
        {
            return null;
        }

        (open, severity) = (true, grade);
        return new Sighting
        {
            Severity = grade,
            FirstStep = losses[Math.Max(0, losses.Count - gaps.Count)].Step,
            Summary = $"{name} ({Figure.Of(loss)}) is {Figure.Percent(gaps[^1])} above the training loss ({Figure.Of(training)}), and the gap grows{(gainless ? " while held-out data has gained nothing" : string.Empty)}.",
            Evidence = [new("loss_gap", gaps[^1], Limit, step, step, $"Gap at the last evaluations: {string.Join(", ", gaps.TakeLast(5).Select(Figure.Percent))} of the training loss")],
        };
    }
}
