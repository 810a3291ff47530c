using System.Globalization;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Causes;

/// <summary>What causes look at: the run, the symptom to be explained and the symptoms beside it.</summary>
/// <param name="history">The run so far.</param>
/// <param name="symptom">The symptom to be explained.</param>
/// <param name="sighting">How it was seen.</param>
/// <param name="present">Symptoms seen so far in the run, whether open or closed.</param>
internal sealed class CauseContext(RunHistory history, string symptom, Sighting sighting, IReadOnlySet<string> present)
{
    private double? updateRatio;

    public RunHistory History => history;

    public RunFacts Facts => history.Facts;

    public string Symptom => symptom;

    public Sighting Sighting => sighting;

    /// <summary>Learning rate of the run: the configured peak, or the highest seen.</summary>
    public double LearningRate => Facts.LearningRate ?? history.PeakRate;

    /// <summary>Median of the update-to-weight ratios of the last points, or as the symptom measured it; NaN where it was not logged.</summary>
    public double UpdateRatio => updateRatio ??= Measured("update_ratio") ?? RecentMedian(s => s.UpdateRatio);

    /// <summary>Share of the last points whose gradient was clipped; NaN where there are none.</summary>
    public double ClippedShare => history.RecentCount == 0 ? double.NaN : RecentSteps(200).Average(s => s.Clipped ? 1.0 : 0.0);

    /// <summary>The customary settings for this method, task and size; null where there is no configuration.</summary>
    public TuningPractice? Practice => Facts.Config is { } config ? new TuningPractice(config, Facts.TotalParameters) : null;

    /// <summary>Whether the symptom began while the learning rate rose, or soon after.</summary>
    public bool IsEarly => sighting.FirstStep <= history.WarmupEnd + Math.Max(20, history.WarmupEnd / 2);

    /// <summary>Training loss over held-out loss at the last evaluation, or as the symptom measured it; NaN without one.</summary>
    public double TrainingOverEvaluation => Measured("loss_ratio") is { } ratio ? ratio : history.EvaluationLosses() is [.., var last] && last.Loss > 0 && history.Count > 0
        ? history.MedianLoss(Math.Clamp(history.Block, 8, 20), history.Count) / last.Loss
        : double.NaN;

    /// <summary>
    /// Whether the training loss has fallen by a tenth or more and held-out data has next to nothing of it: what is learnt
    /// there is not what is asked here. False while there are fewer than three evaluations.
    /// </summary>
    public bool HeldOutStandsStill
    {
        get
        {
            var losses = history.EvaluationLosses();
            var fall = history.StartLoss - history.MedianLoss(history.Block, history.Count);
            return losses.Count >= 3 && fall > 0.1 * history.StartLoss && losses[0].Loss - losses[^1].Loss < 0.1 * fall;
        }
    }

    /// <summary>Whether another symptom has been seen in this run.</summary>
    public bool Has(string other) => present.Contains(other);

    /// <summary>The newest points, newest first.</summary>
    public IEnumerable<TrainingStep> RecentSteps(int count) => Enumerable.Range(0, Math.Min(count, history.RecentCount)).Select(history.Recent);

    /// <summary>Median of a sampled signal over the last 200 points; NaN where it was not logged.</summary>
    public double RecentMedian(Func<TrainingStep, double?> signal) =>
        RobustStatistics.Median(RecentSteps(200).Select(signal).OfType<double>().ToArray());

    /// <summary>A change of a setting from the run's value.</summary>
    public RemedyChange Set(string setting, object value)
    {
        var info = ConfigSchema.Get(setting);
        return new RemedyChange(setting, OldValue(info), info.Format(value));
    }

    /// <summary>A remedy that is one change of a setting.</summary>
    public DiagnosisRemedy Change(string text, params ReadOnlySpan<(string Setting, object Value)> settings)
    {
        var changes = new List<RemedyChange>();
        foreach (var (setting, value) in settings)
        {
            var change = Set(setting, value);
            if (change.OldValue != change.NewValue)
            {
                changes.Add(change);
            }
        }

        return new DiagnosisRemedy { Text = text, Changes = changes };
    }

    /// <summary>A remedy that is not a matter of settings.</summary>
    public static DiagnosisRemedy Do(string text) => new() { Text = text };

    /// <summary>A value as people set it: the next of 1, 2, 3, 5 times a power of ten.</summary>
    public static double Rounded(double value)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        var lead = value / power;
        double[] steps = [1, 2, 3, 5, 10];
        return double.Parse(FormattableString.Invariant($"{steps.MinBy(s => Math.Abs(Math.Log(s / lead))) * power:0.#e-0}"), CultureInfo.InvariantCulture);
    }

    // Evidence and reasons shall not give two figures for one thing.
    private double? Measured(string signal) => sighting.Evidence.FirstOrDefault(e => e.Signal == signal)?.Value;

    private string? OldValue(SettingInfo info) => Facts.Config is { } config
        ? info.Get(config) is { } value ? info.Format(value) : null
        : info.Name switch
        {
            // Logs hold single-precision figures; no one set 0.0005000000237.
            "learning_rate" when LearningRate > 0 => info.Format(double.Parse(LearningRate.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)),
            "warmup_steps" when Facts.WarmupSteps is { } steps => info.Format(steps),
            "max_grad_norm" when Facts.MaxGradNorm is { } norm => info.Format(norm),
            _ => null,
        };
}
