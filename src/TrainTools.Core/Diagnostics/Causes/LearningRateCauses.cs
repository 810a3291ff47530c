namespace TrainTools.Core.Diagnostics.Causes;

/// <summary>The learning rate is too high.</summary>
internal sealed class LearningRateTooHigh : ICause
{
    /// <summary>Update-to-weight ratio that training is aimed at.</summary>
    public const double TargetRatio = 5e-3;

    /// <summary>The same for adapters, whose matrices begin small and at whose best rates it is several times higher.</summary>
    public const double AdapterTargetRatio = 1.5e-2;

    public string Id => CauseIds.LearningRateTooHigh;

    public string Title => "The learning rate is too high";

    public CauseOpinion? Consider(CauseContext context)
    {
        var rate = context.LearningRate;
        if (!(rate > 0))
        {
            return Unknown(context);
        }

        var support = 0.25;
        var reasons = new List<string>();
        var target = rate / (context.Symptom == Symptoms.LossExplodes ? 10 : 3);
        var ratio = context.UpdateRatio;
        if (ratio > 0.01)
        {
            support = ratio > 0.03 ? 0.9 : 0.6;
            reasons.Add($"an update changes the weights by {Figure.Percent(ratio)} of their size (usual: 0.1 to 1 %)");
            target = Math.Min(target, rate * (context.Facts.Method is null or Configuration.TrainingMethod.Full ? TargetRatio : AdapterTargetRatio) / ratio);
        }
        else if (ratio < 1e-3)
        {
            support = 0.1;
            reasons.Add($"but an update changes the weights by only {Figure.Percent(ratio)} of their size");
        }

        if (context.Practice?.LearningRate is { } range && rate > range.High)
        {
            // What an update does to the weights says more than what is usual for models of another size.
            support = Math.Max(support, ratio < 0.01 ? 0.3 : rate > 3 * range.High ? 0.9 : 0.6);
            reasons.Add($"{Figure.Of(rate)} is above what is usual for {range.For} ({Figure.Of(range.Low)} to {Figure.Of(range.High)})");
            target = Math.Min(target, range.Start);
        }

        if (context.Has(Symptoms.GradientExplosion) || context.Has(Symptoms.LossExplodes))
        {
            support = Math.Max(support, 0.5);
            reasons.Add("loss or gradient norm rose far above where they were");
        }

        // Numbers that leave fp16's range while the loss has not risen leave it at any rate.
        if (context.Symptom == Symptoms.NonFinite && context.Facts.Precision == Configuration.Precision.Fp16 && !context.Has(Symptoms.LossExplodes))
        {
            support = Math.Min(support, 0.6);
        }

        if (reasons.Count == 0)
        {
            reasons.Add($"the rate is {Figure.Of(rate)}, and too high a rate is the commonest reason for this");
        }

        var rounded = CauseContext.Rounded(target);
        return new CauseOpinion(support, Sentence(reasons), context.Change($"Lower the learning rate to {Figure.Of(rounded)} and {(context.Sighting.FirstStep > 1 ? $"go on from the last checkpoint before step {context.Sighting.FirstStep}" : "begin the run anew")}.", ("learning_rate", rounded)) with { IsSafe = true })
        {
            Check = $"A branch of 100 steps from the last good checkpoint at a third of the rate: if its loss falls, it was the rate.",
        };
    }

    // A log without rates: the commonest reason can be named, a new value cannot.
    private static CauseOpinion? Unknown(CauseContext context) => context.Facts.HasLearningRate ? null : new CauseOpinion(
        context.Has(Symptoms.GradientExplosion) || context.Has(Symptoms.LossExplodes) ? 0.5 : 0.25,
        "Too high a rate is the commonest reason for this; the log does not say what it was.",
        CauseContext.Do($"Lower the learning rate to a {(context.Symptom == Symptoms.LossExplodes ? "tenth" : "third")} of what it was."));

    internal static string Sentence(List<string> reasons)
    {
        var text = string.Join("; ", reasons);
        return char.ToUpperInvariant(text[0]) + text[1..] + ".";
    }
}

/// <summary>The learning rate is too low.</summary>
internal sealed class LearningRateTooLow : ICause
{
    // One proposal raises the rate by no more than this factor where nothing tells what is usual.
    private const double LargestRaise = 100;

    public string Id => CauseIds.LearningRateTooLow;

    public string Title => "The learning rate is too low";

    public CauseOpinion? Consider(CauseContext context)
    {
        var rate = context.LearningRate;
        if (!(rate > 0))
        {
            return context.Facts.HasLearningRate ? null : new CauseOpinion(
                0.2, "Too low a rate is a common reason for this; the log does not say what it was.", CauseContext.Do("Raise the learning rate to ten times what it was."));
        }

        var support = 0.2;
        var reasons = new List<string>();
        var target = 10 * rate;
        var ratio = context.UpdateRatio;
        if (ratio is > 0 and < 1e-4)
        {
            support = ratio < 3e-5 ? 0.95 : 0.6;
            reasons.Add($"an update changes the weights by only {Figure.Percent(ratio)} of their size (usual: 0.1 to 1 %)");
            target = Math.Max(target, Math.Min(rate * 1e-3 / ratio, rate * LargestRaise));
        }
        else if (ratio > 1e-3)
        {
            support = 0.03;
            reasons.Add($"but an update does change the weights by {Figure.Percent(ratio)} of their size");
        }

        if (context.Practice?.LearningRate is { } range && rate < range.Low)
        {
            support = Math.Max(support, 0.9);
            reasons.Add($"{Figure.Of(rate)} is below what is usual for {range.For} ({Figure.Of(range.Low)} to {Figure.Of(range.High)})");
            target = range.Start;
        }
        else if (context.Practice?.LearningRate is { } usual && rate <= usual.High)
        {
            // Updates may be small for another reason (the end of a schedule): a proposal stays within what is usual.
            target = Math.Min(target, usual.High);
        }

        if (reasons.Count == 0)
        {
            reasons.Add($"the rate is {Figure.Of(rate)}, and the loss moves no faster than that");
        }

        var rounded = CauseContext.Rounded(target);
        return new CauseOpinion(support, LearningRateTooHigh.Sentence(reasons), context.Change($"Raise the learning rate to {Figure.Of(rounded)}.", ("learning_rate", rounded)))
        {
            Check = "A branch of 100 steps at three times the rate: if its loss falls at least twice as fast, it was the rate.",
        };
    }
}

/// <summary>The warm-up is too short for the rate.</summary>
internal sealed class WarmupTooShort : ICause
{
    public string Id => CauseIds.WarmupTooShort;

    public string Title => "The warm-up is too short";

    public CauseOpinion? Consider(CauseContext context)
    {
        if (!context.IsEarly)
        {
            return null;
        }

        if (!context.Facts.HasLearningRate && context.Facts.WarmupSteps is null)
        {
            return new CauseOpinion(0.2, $"It began at step {context.Sighting.FirstStep}; the log does not say how long the warm-up was.", CauseContext.Do("Warm up over 5 to 10 % of the run."));
        }

        var warmup = context.History.WarmupEnd;
        var steps = context.Facts.MaxSteps ?? context.History.LastStep;
        var share = (double)warmup / Math.Max(1, steps);
        var target = Math.Max(20, (int)Math.Ceiling(Math.Min(0.1 * steps, Math.Max(0.05 * steps, 3.0 * warmup))));
        var support = share < 0.01 ? 0.8 : share < 0.05 ? 0.5 : 0.15;
        return new CauseOpinion(
            support,
            $"It began at step {context.Sighting.FirstStep}, and the rate was at its peak after {warmup} steps ({Figure.Percent(share)} of the run; usual: 5 to 10 %).",
            context.Change($"Warm up over {target} steps.", ("warmup_steps", target)));
    }
}

/// <summary>Gradients are clipped so hard that the optimizer's own scale no longer matters.</summary>
internal sealed class ClippingTooTight : ICause
{
    public string Id => CauseIds.ClippingTooTight;

    public string Title => "Gradients are clipped too hard";

    public CauseOpinion? Consider(CauseContext context)
    {
        var share = context.ClippedShare;
        if (context.Facts.MaxGradNorm is not > 0 || !(share > 0.5))
        {
            return null;
        }

        var limit = context.Facts.MaxGradNorm.Value;
        var usual = RobustStatistics.Quantile(context.RecentSteps(200).Select(s => s.GradNorm), 0.9);
        var factor = usual / limit;
        var target = CauseContext.Rounded(Math.Max(limit, Math.Min(1, usual)));
        return new CauseOpinion(
            factor > 30 ? 0.9 : factor > 5 ? 0.4 : 0.1,
            $"{Figure.Percent(share)} of the last steps were clipped; nine tenths of the gradient norms lie below {Figure.Of(usual)}, the limit is {Figure.Of(limit)}.",
            target > limit
                ? context.Change($"Raise max_grad_norm to {Figure.Of(target)}.", ("max_grad_norm", target)) with { IsSafe = true }
                : new DiagnosisRemedy { Text = $"Leave max_grad_norm at {Figure.Of(limit)}, which is usual, as long as the loss falls; watch the gradient norm.", Changes = [] });
    }
}

/// <summary>Gradients are not clipped at all.</summary>
internal sealed class ClippingOff : ICause
{
    public string Id => CauseIds.ClippingOff;

    public string Title => "Gradients are not clipped";

    public CauseOpinion? Consider(CauseContext context)
    {
        if (context.Facts.MaxGradNorm is not 0)
        {
            return null;
        }

        var usual = RobustStatistics.Quantile(context.RecentSteps(200).Select(s => s.GradNorm).Where(double.IsFinite), 0.9);
        var target = double.IsNaN(usual) ? 1 : CauseContext.Rounded(Math.Min(1, usual));
        return new CauseOpinion(0.6, "max_grad_norm is 0, so one bad batch moves the weights as far as it likes.", context.Change($"Clip at {Figure.Of(target)}.", ("max_grad_norm", target)) with { IsSafe = true });
    }
}
