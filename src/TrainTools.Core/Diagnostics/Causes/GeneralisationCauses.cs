namespace TrainTools.Core.Diagnostics.Causes;

/// <summary>The training data is learnt by heart.</summary>
internal sealed class Overfitting : ICause
{
    public string Id => CauseIds.Overfitting;

    public string Title => "The model learns its training data by heart";

    public CauseOpinion? Consider(CauseContext context)
    {
        var history = context.History;
        if (history.Count == 0)
        {
            return null;
        }

        var epochs = history.Epochs[^1];
        var losses = history.EvaluationLosses();
        var best = losses.Count > 0 ? losses.Where(e => double.IsFinite(e.Loss)).DefaultIfEmpty(losses[^1]).MinBy(e => e.Loss) : default;
        var then = best.Step > 0 ? history.MedianLoss(history.Block, Math.Min(history.Count, history.IndexOf(best.Step + 1))) : history.StartLoss;
        var now = history.MedianLoss(history.Block, history.Count);
        var falls = now < 0.98 * then;

        // Lowest within the first epoch: nothing can have been learnt by heart by then.
        var isEarly = best.Step > 0 && losses.Count > 1 && best.Step == losses[0].Step && history.Epochs[Math.Max(0, Math.Min(history.Count, history.IndexOf(best.Step + 1)) - 1)] is > 0 and < 0.6;
        var remedies = new List<DiagnosisRemedy>();
        if (best.Step > 0 && history.Count > 0)
        {
            var at = history.Epochs[Math.Max(0, Math.Min(history.Count, history.IndexOf(best.Step + 1)) - 1)];
            remedies.Add(context.Change($"Stop after the best evaluation (step {best.Step}, epoch {Figure.Of(at)}): let early stopping do it and keep the best model.", ("early_stopping_patience", 2), ("load_best_model_at_end", true)));
        }

        remedies.Add(CauseContext.Do("More or more varied training data."));
        return new CauseOpinion(
            isEarly ? 0.3 : (falls ? epochs < 0.9 ? 0.3 : 0.6 : 0.1) + (epochs > 2 ? 0.3 : epochs > 1 ? 0.2 : 0),
            $"The training loss went from {Figure.Of(then)} to {Figure.Of(now)} meanwhile; the run is in epoch {Figure.Of(Math.Ceiling(epochs))}.",
            [.. remedies]);
    }
}

/// <summary>The model, or the adapter, is too small for the task.</summary>
internal sealed class ModelTooSmall : ICause
{
    public string Id => CauseIds.ModelTooSmall;

    public string Title => "The model or its adapters are too small";

    public CauseOpinion? Consider(CauseContext context)
    {
        var rank = context.Facts.Config?.Method is { FinetuningType: not Configuration.TrainingMethod.Full } method ? method.LoraR : null;
        var size = context.Facts.TrainableParameters is { } n ? $"{Configuration.ConfigText.Count(n)} parameters are trained; t" : "T";
        var reason = $"{size}he loss has settled well above zero on training data as well.";

        // A small model learns little, but what it learns holds for held-out data too; and telling classes better than by
        // their frequency takes no large one.
        var isClassifier = context.Facts.Task is Configuration.TaskType.SequenceClassification or Configuration.TaskType.TokenClassification;
        var support = isClassifier || context.HeldOutStandsStill || context.TrainingOverEvaluation > 1.1 ? 0.3 : context.Facts.TotalParameters < 100_000 ? 0.9 : 0.4;
        return rank is { } r
            ? new CauseOpinion(support, reason, context.Change($"Raise the rank to {2 * r} and adapt all linear layers.", ("lora_r", 2 * r), ("target_modules", Configuration.SettingList.From(["all-linear"]))))
            : new CauseOpinion(support, reason, CauseContext.Do("Use a larger model, or one trained on more like data."));
    }
}

/// <summary>The run ended too early.</summary>
internal sealed class TooFewSteps : ICause
{
    public string Id => CauseIds.TooFewSteps;

    public string Title => "The run is too short";

    public CauseOpinion? Consider(CauseContext context)
    {
        var epochs = context.Facts.Config?.Duration.NumTrainEpochs;
        var history = context.History;
        var (before, now) = (history.MedianLoss(history.Block, 2 * history.Count / 3), history.MedianLoss(history.Block, history.Count));
        var falls = now < 0.97 * before;
        return new CauseOpinion(
            falls ? 0.5 : 0.15,
            $"In the last third of the run the loss went from {Figure.Of(before)} to {Figure.Of(now)}{(falls ? ": it was still falling when the run ended" : string.Empty)}.",
            epochs is { } e ? context.Change("Train twice as long.", ("num_train_epochs", 2 * e)) : CauseContext.Do("Train twice as long."));
    }
}

/// <summary>There is nothing more to learn.</summary>
internal sealed class Converged : ICause
{
    public string Id => CauseIds.Converged;

    public string Title => "The model has learnt what there is to learn";

    public CauseOpinion? Consider(CauseContext context)
    {
        var history = context.History;
        var fall = 1 - (history.MedianLoss(history.Block, history.Count) / history.StartLoss);
        return new CauseOpinion(fall > 0.3 ? 0.7 : 0.2, $"The loss has fallen by {Figure.Percent(fall)} since the start and is level now.", CauseContext.Do("Stop here, or lower the learning rate for a last small gain."));
    }
}
