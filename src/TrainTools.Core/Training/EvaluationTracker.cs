namespace TrainTools.Core.Training;

/// <summary>What follows from one evaluation.</summary>
/// <param name="IsBest">It is the best so far: save it.</param>
/// <param name="ShouldStop">Patience is used up: end the run.</param>
/// <param name="WithoutImprovement">Evaluations in a row that did not improve enough.</param>
public readonly record struct EvaluationDecision(bool IsBest, bool ShouldStop, int WithoutImprovement);

/// <summary>The tracker's state, as a checkpoint keeps it.</summary>
/// <param name="Best">Best metric; null = none yet.</param>
/// <param name="BestStep">Its step.</param>
/// <param name="WithoutImprovement">Evaluations in a row that did not improve enough.</param>
public sealed record EvaluationTrackerState(double? Best, int? BestStep, int WithoutImprovement);

/// <summary>
/// Best model and early stopping, as transformers decides them: best is a strict comparison; for patience an evaluation
/// counts as an improvement where it beats the best so far by more than the threshold. NaN never is best and never an improvement.
/// </summary>
public sealed class EvaluationTracker
{
    private static readonly string[] Errors = ["loss", "perplexity", "_mse", "_rmse", "_mae"];

    private readonly bool greaterIsBetter;
    private readonly int? patience;
    private readonly double threshold;

    /// <summary>Makes a tracker.</summary>
    /// <param name="greaterIsBetter">Whether a higher metric is better.</param>
    /// <param name="patience">Evaluations without improvement before the run stops; null = it never does.</param>
    /// <param name="threshold">Change that an improvement must exceed.</param>
    /// <param name="state">State to continue from.</param>
    public EvaluationTracker(bool greaterIsBetter, int? patience = null, double threshold = 0, EvaluationTrackerState? state = null)
    {
        this.greaterIsBetter = greaterIsBetter;
        this.patience = patience;
        this.threshold = threshold;
        State = state ?? new EvaluationTrackerState(null, null, 0);
    }

    /// <summary>The state.</summary>
    public EvaluationTrackerState State { get; private set; }

    /// <summary>Whether higher is better by the metric's name: everything but a loss, perplexity (its exponential) and the errors of regressions.</summary>
    public static bool GreaterIsBetterByName(string metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return !Array.Exists(Errors, e => metric.EndsWith(e, StringComparison.Ordinal));
    }

    /// <summary>Takes in one evaluation.</summary>
    /// <param name="step">Steps done.</param>
    /// <param name="metric">The metric that decides.</param>
    public EvaluationDecision Observe(int step, double metric)
    {
        var best = State.Best ?? (greaterIsBetter ? double.NegativeInfinity : double.PositiveInfinity);
        var isBest = greaterIsBetter ? metric > best : metric < best;
        var improved = isBest && (State.Best is null || Math.Abs(metric - best) > threshold);
        var without = improved ? 0 : State.WithoutImprovement + 1;
        State = new EvaluationTrackerState(isBest ? metric : State.Best, isBest ? step : State.BestStep, without);
        return new EvaluationDecision(isBest, patience is { } p && without >= p, without);
    }
}
