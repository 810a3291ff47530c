namespace TrainTools.Bench.Diagnosis.Baselines;

/// <summary>A published rule, as an alarm on a run's log.</summary>
internal interface IBaseline
{
    string Name { get; }

    /// <summary>Steps at which it alarms.</summary>
    IEnumerable<int> Alarms(TrialLog log);

    static IReadOnlyList<IBaseline> All { get; } = [new NanOnly(), new LossNotDecreasing(), new Umlaut(), new Olmo(), new KillLossSpike(), new LightningSpike()];
}

/// <summary>Loss or gradient norm that is not finite.</summary>
internal sealed class NanOnly : IBaseline
{
    public string Name => "NaN only";

    public IEnumerable<int> Alarms(TrialLog log) => log.Steps.Where(s => (s.NumSupervisedTokens > 0 && !double.IsFinite(s.Loss)) || !double.IsFinite(s.GradNorm)).Select(s => s.Step);
}

/// <summary>SageMaker Debugger's LossNotDecreasing by its defaults: every 10 steps, no decrease at all against at least 10 steps earlier.</summary>
internal sealed class LossNotDecreasing : IBaseline
{
    public string Name => "SageMaker LossNotDecreasing";

    public IEnumerable<int> Alarms(TrialLog log)
    {
        for (var i = 20; i < log.Steps.Count; i += 10)
        {
            if (log.Steps[i].Loss >= log.Steps[i - 10].Loss)
            {
                yield return log.Steps[i].Step;
            }
        }
    }
}

/// <summary>
/// UMLAUT's heuristics that a log shows: rate above 0.01 or below 1e-7, validation loss rising while training loss does not
/// from one evaluation to the next, accuracy above 0.95, held-out accuracy 0.05 above training's after three, dropout above 0.5, NaN.
/// </summary>
internal sealed class Umlaut : IBaseline
{
    public string Name => "UMLAUT";

    public IEnumerable<int> Alarms(TrialLog log)
    {
        var config = Core.Configuration.ConfigYaml.Parse(log.Config);
        if (config.Optimization.LearningRate is > 0.01 or < 1e-7 || config.Model.HiddenDropout > 0.5)
        {
            yield return 1;
        }

        var (from, before, trainBefore) = (0, double.NaN, double.NaN);
        for (var i = 0; i < log.Evaluations.Count; i++)
        {
            var evaluation = log.Evaluations[i];
            var steps = log.Steps.Where(s => s.Step > from && s.Step <= evaluation.Step).ToList();
            var (loss, accuracy) = (evaluation.Metrics["eval_loss"], evaluation.Metrics["eval_mean_token_accuracy"]);
            var (train, trainAccuracy) = (steps.Average(s => s.Loss), steps.Average(s => s.MeanTokenAccuracy ?? 0));
            if ((loss > before && train <= trainBefore) || accuracy > 0.95 || (i >= 3 && accuracy - trainAccuracy > 0.05) || !double.IsFinite(loss) || !double.IsFinite(train))
            {
                yield return evaluation.Step;
            }

            (from, before, trainBefore) = (evaluation.Step, loss, train);
        }
    }
}

/// <summary>OLMo-core's StabilityMonitor: loss or gradient norm above mean plus six deviations of the last 128.</summary>
internal sealed class Olmo : IBaseline
{
    public string Name => "OLMo";

    public IEnumerable<int> Alarms(TrialLog log)
    {
        var losses = log.Steps.Select(s => s.Loss).ToArray();
        var norms = log.Steps.Select(s => s.GradNorm).ToArray();
        for (var i = 2; i < losses.Length; i++)
        {
            if (Above(losses, i) || Above(norms, i))
            {
                yield return log.Steps[i].Step;
            }
        }
    }

    private static bool Above(double[] values, int at)
    {
        var window = values[Math.Max(0, at - 128)..at];
        var mean = window.Average();
        var deviation = Math.Sqrt(window.Sum(v => (v - mean) * (v - mean)) / Math.Max(1, window.Length - 1));
        return window.Length >= 16 && values[at] > mean + (6 * deviation);
    }
}

/// <summary>
/// LLM Foundry's KillLossSpike: at least twice the window's mean five times in a row, or half the window above a cap; the
/// window is the larger of 100 steps and 5 % of the run, the cap the first window's maximum, 10 at most.
/// </summary>
internal sealed class KillLossSpike : IBaseline
{
    private const int Window = 100;

    public string Name => "KillLossSpike";

    public IEnumerable<int> Alarms(TrialLog log)
    {
        var losses = log.Steps.Select(s => s.Loss).ToArray();
        if (losses.Length <= Window)
        {
            yield break;
        }

        var cap = Math.Min(10, losses[..Window].Max());
        var run = 0;
        for (var i = Window; i < losses.Length; i++)
        {
            var window = losses[(i - Window)..i];
            run = losses[i] >= 2 * window.Average() ? run + 1 : 0;
            if (run >= 5 || window.Count(l => l > cap) > Window / 2)
            {
                yield return log.Steps[i].Step;
            }
        }
    }
}

/// <summary>Lightning's SpikeDetection: the loss differs from the mean of the last 10 by twice that mean or more.</summary>
internal sealed class LightningSpike : IBaseline
{
    public string Name => "Lightning";

    public IEnumerable<int> Alarms(TrialLog log)
    {
        for (var i = 1; i < log.Steps.Count; i++)
        {
            var mean = log.Steps.Skip(Math.Max(0, i - 10)).Take(Math.Min(10, i)).Average(s => s.Loss);
            var loss = log.Steps[i].Loss;
            if (!double.IsFinite(loss) || (loss > mean && loss - mean >= 2 * mean))
            {
                yield return log.Steps[i].Step;
            }
        }
    }
}
