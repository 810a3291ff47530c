using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// NaN or infinity in loss or gradient. With float16 and a loss scale a single overflow now and then is how the scale is
/// found, so there it takes several.
/// </summary>
public sealed class NonFiniteDetector : IDetector
{
    /// <summary>Finite points in a row that end it.</summary>
    public const int QuietPoints = 20;

    /// <summary>Overflows among the last <see cref="Window"/> points that float16 may have.</summary>
    public const int Fp16Allowance = 4;

    /// <summary>Points looked back over in float16.</summary>
    public const int Window = 20;

    private readonly SortedSet<long> records = [];
    private int first;
    private int seen;
    private int quiet;

    /// <inheritdoc/>
    public string Symptom => Symptoms.NonFinite;

    /// <inheritdoc/>
    public void Reset() => (first, seen, quiet) = (0, 0, 0);

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var step = history.Last;
        if (IsFinite(step, history.Facts))
        {
            quiet++;
            if (first == 0 || quiet < QuietPoints)
            {
                return null;
            }

            Reset();
            records.Clear();
            return Sighting.Ended($"The last {QuietPoints} points are finite again.");
        }

        quiet = 0;
        seen++;
        records.UnionWith(step.Records ?? []);
        var scaled = history.Facts.Precision == Precision.Fp16 && !IsBad(step.Loss);
        if (scaled && CountLately(history) <= Fp16Allowance)
        {
            return null;
        }

        var isNew = first == 0;
        if (isNew)
        {
            first = step.Step;
        }
        else if (!int.IsPow2(seen))
        {
            // A run of NaN goes on for thousands of steps; the figures need not be renewed at each.
            return null;
        }

        var what = IsBad(step.Loss) ? $"the loss is {Figure.Of(step.Loss)}" : $"the gradient norm is {Figure.Of(step.GradNorm)} (loss {Figure.Of(step.Loss)})";
        var where = step.NonFiniteTensor is { } tensor ? $" First seen in {tensor}." : string.Empty;
        return new Sighting
        {
            Severity = scaled ? FindingSeverity.Warning : FindingSeverity.Error,
            FirstStep = first,
            Summary = $"From step {first} on numbers are not finite: at step {step.Step} {what}.{where}{(seen > 1 ? $" {seen} such points so far." : string.Empty)}",
            Evidence = [new(IsBad(step.Loss) ? "loss" : "grad_norm", IsBad(step.Loss) ? step.Loss : step.GradNorm, null, step.Step, step.Step, $"Step {step.Step}: {what}")],
            Records = [.. records.Take(256)],
        };
    }

    /// <inheritdoc/>
    public Sighting? OnEvaluation(RunHistory history)
    {
        var evaluation = history.Evaluations[^1];
        if (first != 0 || evaluation.Metrics.FirstOrDefault(m => m.Key.EndsWith("loss", StringComparison.Ordinal) && !double.IsFinite(m.Value)) is not { Key: { } name } found)
        {
            return null;
        }

        first = evaluation.Step;
        quiet = 0;
        return new Sighting
        {
            Severity = FindingSeverity.Error,
            FirstStep = first,
            Summary = $"{name} after step {evaluation.Step} is {Figure.Of(found.Value)}.",
            Evidence = [new(name, found.Value, null, evaluation.Step, evaluation.Step, $"{name} after step {evaluation.Step}: {Figure.Of(found.Value)}")],
        };
    }

    // A window without a target has no loss; that is NoLabels.
    private static bool IsFinite(TrainingStep step, RunFacts facts)
    {
        var gradient = !facts.HasGradNorm || !IsBad(step.GradNorm);
        var empty = step.Skipped == true && step.NumSupervisedTokens == 0;
        return gradient && (empty || !IsBad(step.Loss)) && step.NonFiniteTensor is null;
    }

    private static bool IsBad(double value) => !double.IsFinite(value);
    private static int CountLately(RunHistory history)
    {
        var count = 0;
        for (var back = 0; back < Math.Min(Window, history.RecentCount); back++)
        {
            count += IsFinite(history.Recent(back), history.Facts) ? 0 : 1;
        }

        return count;
    }
}
