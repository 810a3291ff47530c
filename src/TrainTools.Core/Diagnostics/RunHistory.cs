using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics;

/// <summary>
/// What a run has shown so far, as the detectors read it. A point is one logged step: with an interval of ten there is a
/// point every ten steps. The curves are kept whole (eight bytes a value), the steps themselves only lately.
/// </summary>
public sealed class RunHistory(RunFacts facts)
{
    /// <summary>Points whose whole step is kept.</summary>
    public const int RecentSteps = 512;

    private static readonly string[] LossNames = ["eval_loss", "validation_loss", "val_loss", "loss"];

    private readonly List<int> steps = [];
    private readonly List<double> losses = [];
    private readonly List<double> logLosses = [];
    private readonly List<double> gradNorms = [];
    private readonly List<double> logGradNorms = [];
    private readonly List<double> rates = [];
    private readonly List<double> epochs = [];
    private readonly List<EvaluationResult> evaluations = [];
    private readonly List<EvaluationLoss> evaluationLosses = [];
    private readonly List<MemoryShortage> shortages = [];
    private readonly List<double> startLosses = [];
    private readonly TrainingStep[] recent = new TrainingStep[RecentSteps];
    private int recentFrom;
    private int peakRateStep;

    /// <summary>What is known besides the curves.</summary>
    public RunFacts Facts { get; } = facts;

    /// <summary>Points so far.</summary>
    public int Count => steps.Count;

    /// <summary>Evaluations so far, in order.</summary>
    public IReadOnlyList<EvaluationResult> Evaluations => evaluations;

    /// <summary>Times that memory ran out, in order.</summary>
    public IReadOnlyList<MemoryShortage> Shortages => shortages;

    /// <summary>The newest point's step.</summary>
    public TrainingStep Last => Recent(0);

    /// <summary>Step number of the newest point; 0 before the first.</summary>
    public int LastStep => steps.Count == 0 ? 0 : steps[^1];

    /// <summary>Step number of the first point; 0 before it.</summary>
    public int FirstStep => steps.Count == 0 ? 0 : steps[0];

    /// <summary>
    /// The loss that the run started from: the median of the first three finite ones; NaN before. Every scale that has to
    /// do with the loss is measured against it, so that the rules hold for losses of any unit.
    /// </summary>
    public double StartLoss { get; private set; } = double.NaN;

    /// <summary>
    /// What a rise at the start is measured against: the start loss, but for a classifier no less than guessing by frequency
    /// costs. Its first batches may be lucky; a loss below that of guessing is no instability.
    /// </summary>
    public double Ground => Facts.Task is Configuration.TaskType.SequenceClassification or Configuration.TaskType.TokenClassification && Facts.TargetEntropy > StartLoss
        ? Facts.TargetEntropy.Value
        : StartLoss;

    /// <summary>Points in a block, the unit in which slow changes are judged: a fiftieth of the run, 10 to 50.</summary>
    public int Block { get; private set; } = 20;

    /// <summary>Steps between the last two points.</summary>
    public int Interval => steps.Count < 2 ? 1 : Math.Max(1, steps[^1] - steps[^2]);

    /// <summary>Step numbers.</summary>
    public ReadOnlySpan<int> Steps => Span(steps);

    /// <summary>Losses as logged; NaN where a step had none.</summary>
    public ReadOnlySpan<double> Losses => Span(losses);

    /// <summary>
    /// Natural logarithms of the losses, with 2 % of <see cref="StartLoss"/> added first so that the jitter of a loss near
    /// zero counts for nothing; NaN where the loss is not finite.
    /// </summary>
    public ReadOnlySpan<double> LogLosses => Span(logLosses);

    /// <summary>Gradient norms before clipping; NaN where not logged.</summary>
    public ReadOnlySpan<double> GradNorms => Span(gradNorms);

    /// <summary>Their natural logarithms; NaN where zero or not finite.</summary>
    public ReadOnlySpan<double> LogGradNorms => Span(logGradNorms);

    /// <summary>Learning rates; NaN where not logged.</summary>
    public ReadOnlySpan<double> LearningRates => Span(rates);

    /// <summary>Epochs done.</summary>
    public ReadOnlySpan<double> Epochs => Span(epochs);

    /// <summary>Highest learning rate so far.</summary>
    public double PeakRate { get; private set; }

    /// <summary>
    /// Step at which warm-up ends: as configured, or where the rate stopped rising; the present step while it still rises.
    /// </summary>
    public int WarmupEnd => Facts.WarmupSteps ?? peakRateStep;

    /// <summary>A step that was logged lately; 0 is the newest.</summary>
    public TrainingStep Recent(int back) => recent[(steps.Count - 1 - back) % RecentSteps];

    /// <summary>How many steps <see cref="Recent"/> reaches back.</summary>
    public int RecentCount => steps.Count - recentFrom;

    /// <summary>Index of the first point at or after a step.</summary>
    public int IndexOf(int step)
    {
        var index = steps.BinarySearch(step);
        return index < 0 ? ~index : index;
    }

    /// <summary>Median loss of the last <paramref name="points"/> points before <paramref name="end"/> (an index).</summary>
    public double MedianLoss(int points, int end) => RobustStatistics.Median(Losses[Math.Max(0, end - points)..end]);

    /// <summary>The evaluations' losses under their usual name, in order; empty where there are none.</summary>
    public IReadOnlyList<EvaluationLoss> EvaluationLosses() => evaluationLosses;

    internal void Add(TrainingStep step)
    {
        recent[steps.Count % RecentSteps] = step;
        steps.Add(step.Step);
        recentFrom = Math.Max(recentFrom, steps.Count - RecentSteps);
        losses.Add(double.IsFinite(step.Loss) ? step.Loss : double.NaN);
        gradNorms.Add(step.GradNorm);
        logGradNorms.Add(double.IsFinite(step.GradNorm) && step.GradNorm > 0 ? Math.Log(step.GradNorm) : double.NaN);
        rates.Add(step.LearningRate);
        epochs.Add(step.Epoch);
        if (step.LearningRate > PeakRate * 1.0001)
        {
            PeakRate = step.LearningRate;
            peakRateStep = step.Step;
        }

        // A log may be longer than anyone said.
        if (steps.Count == 4 || steps.Count % 500 == 0)
        {
            Block = Math.Clamp(Math.Max((Facts.MaxSteps ?? 1000) / Interval, steps.Count) / 50, 10, 50);
        }

        UpdateStartLoss();
        logLosses.Add(LogOf(losses[^1]));
    }

    internal void Add(EvaluationResult evaluation)
    {
        evaluations.Add(evaluation);
        foreach (var name in LossNames)
        {
            if (evaluation.Metrics.TryGetValue(name, out var loss))
            {
                evaluationLosses.Add(new EvaluationLoss(name, loss, evaluation.Step));
                return;
            }
        }
    }

    internal void Add(MemoryShortage shortage) => shortages.Add(shortage);

    /// <summary>Forgets everything after a step: the run was taken back to it.</summary>
    internal void RewindTo(int step)
    {
        var keep = IndexOf(step + 1);
        foreach (var column in new[] { losses, logLosses, gradNorms, logGradNorms, rates, epochs })
        {
            column.RemoveRange(keep, column.Count - keep);
        }

        steps.RemoveRange(keep, steps.Count - keep);
        recentFrom = Math.Min(recentFrom, keep);
        evaluations.RemoveAll(e => e.Step > step);
        evaluationLosses.RemoveAll(e => e.Step > step);
    }

    private void UpdateStartLoss()
    {
        if (startLosses.Count == 3 || double.IsNaN(losses[^1]))
        {
            return;
        }

        startLosses.Add(losses[^1]);
        StartLoss = RobustStatistics.Median(Span(startLosses));
        for (var i = 0; i < logLosses.Count; i++)
        {
            logLosses[i] = LogOf(losses[i]);
        }
    }

    private double LogOf(double loss)
    {
        var shifted = loss + (0.02 * Math.Abs(StartLoss));
        return shifted > 0 ? Math.Log(shifted) : double.NaN;
    }

    private static ReadOnlySpan<T> Span<T>(List<T> list) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(list);
}
