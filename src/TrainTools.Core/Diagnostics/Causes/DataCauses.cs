using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Causes;

/// <summary>Some records are broken.</summary>
internal sealed class BadRecords : ICause
{
    public string Id => CauseIds.BadRecords;

    public string Title => "Some records are bad";

    public CauseOpinion? Consider(CauseContext context)
    {
        var records = context.Sighting.Records;
        var few = records.Count is > 0 and <= 256;
        var which = few ? $"The steps concerned held the records {Figure.Records(records)}." : "The log does not say which records the steps held.";
        var remedy = few
            ? $"Look at the records {Figure.Records(records)} (Get-TrainingSample shows them as the model sees them) and remove or mend the bad ones."
            : "Clean the data (Invoke-DatasetClean) and look at what it flags.";
        return new CauseOpinion(context.Symptom == Symptoms.LossSpike && !context.Has(Symptoms.LossExplodes) ? 0.6 : 0.3, which, CauseContext.Do(remedy))
        {
            Check = "Replay the batch on an earlier checkpoint, in fp32: if it spikes there too, it is the data.",
        };
    }
}

/// <summary>Labels are wrong in a share of the records.</summary>
internal sealed class LabelNoise : ICause
{
    public string Id => CauseIds.LabelNoise;

    public string Title => "Many training labels are wrong";

    public CauseOpinion? Consider(CauseContext context)
    {
        var better = (context.Has(Symptoms.TrainEvaluationMismatch) && context.TrainingOverEvaluation > 1) || context.TrainingOverEvaluation > 1.1;
        return new CauseOpinion(
            better && !context.HeldOutStandsStill ? 0.9 : better ? 0.5 : context.TrainingOverEvaluation < 0.7 ? 0.1 : 0.3,
            better ? "The model does better on held-out data than on its own training data, as it does where training labels are wrong and held-out ones are right." : "Labels that contradict each other keep the training loss up, and learning them by heart harms held-out data.",
            CauseContext.Do("Clean the labels: Invoke-DatasetClean finds conflicting and likely wrong ones."),
            context.Change("Smooth the labels meanwhile, so that a wrong one costs less.", ("label_smoothing_factor", 0.1)))
        {
            Check = "Read twenty of the training records with the highest loss.",
        };
    }
}

/// <summary>Labels have nothing to do with the inputs.</summary>
internal sealed class LabelsUnrelated : ICause
{
    public string Id => CauseIds.LabelsUnrelated;

    public string Title => "Targets have nothing to do with their inputs";

    public CauseOpinion? Consider(CauseContext context)
    {
        var history = context.History;
        var entropy = context.Facts.TargetEntropy;
        var now = history.MedianLoss(history.Block, history.Count);
        var near = entropy is { } chance && now > 0.93 * chance;
        if (context.HeldOutStandsStill)
        {
            var losses = history.EvaluationLosses();
            return Opinion(0.9, $"The training loss has fallen from {Figure.Of(history.StartLoss)} to {Figure.Of(now)}, but {losses[^1].Name} from {Figure.Of(losses[0].Loss)} to only {Figure.Of(losses[^1].Loss)}: what is learnt is no use there.");
        }

        return Opinion(
            near ? 0.8 : context.TrainingOverEvaluation > 1.1 ? 0.5 : 0.25,
            near ? $"The loss ({Figure.Of(now)}) stays at what guessing by frequency costs ({Figure.Of(entropy!.Value)})." : "Nothing can be learnt from targets that belong to other inputs.");
    }

    private static CauseOpinion Opinion(double support, string reason) =>
        new(support, reason, CauseContext.Do("Check that inputs and targets are paired row by row: sorting or shuffling one of two columns tears them apart."))
        {
            Check = "Train on a single batch of 16 rows: a sound set-up learns it by heart; then read those rows.",
        };
}

/// <summary>No token is supervised.</summary>
internal sealed class LabelsMasked : ICause
{
    public string Id => CauseIds.LabelsMasked;

    public string Title => "The labels are masked";

    public CauseOpinion? Consider(CauseContext context)
    {
        var config = context.Facts.Config;
        var remedies = new List<DiagnosisRemedy>();
        if (config?.Data.AssistantOnlyLoss == true)
        {
            remedies.Add(context.Change("Train on the whole conversation, or use a chat template that marks the assistant's turns.", ("assistant_only_loss", false)));
        }

        // Records whose answer was cut off are dropped before the first step: rows that come without labels lost them otherwise.
        var isDropped = context.Sighting.Evidence.Any(e => e.Signal == "records_without_labels");
        if (config?.Data is { KeepTarget: false, MaxLength: not null } && isDropped)
        {
            remedies.Add(context.Change("Cut long prompts rather than their answers.", ("keep_target", true)));
        }

        remedies.Add(CauseContext.Do("Get-TrainingSample shows which tokens are supervised; a response marker or template that does not match the text masks everything."));
        return new CauseOpinion(1, context.Sighting.Summary, [.. remedies]);
    }
}

/// <summary>Labels stand one place off.</summary>
internal sealed class LabelsMisaligned : ICause
{
    public string Id => CauseIds.LabelsMisaligned;

    public string Title => "Labels are shifted against the inputs";

    public CauseOpinion? Consider(CauseContext context) => context.Facts.Task is TaskType.SequenceClassification ? null : new CauseOpinion(
        context.Symptom is Symptoms.FirstLossWrong ? 0.6 : context.Symptom is Symptoms.TooGoodToBeTrue || context.TrainingOverEvaluation < 0.7 ? 0.9 : 0.25,
        "Labels that are shifted twice, or not at all, make the model predict the wrong neighbour or copy its input.",
        CauseContext.Do("Compare inputs and labels token by token (Get-TrainingSample): causal models shift the labels themselves."))
    {
        Check = "The loss of the untrained base model on the same text: a language model's should be 2 to 4 on ordinary prose.",
    };
}

/// <summary>The tokenizer is not the model's.</summary>
internal sealed class TokenizerMismatch : ICause
{
    public string Id => CauseIds.TokenizerMismatch;

    public string Title => "Tokenizer or chat template is not the model's";

    public CauseOpinion? Consider(CauseContext context)
    {
        var foreign = context.Facts.Config?.Model is { TokenizerPath: not null } or { ChatTemplatePath: not null };
        return new CauseOpinion(
            foreign ? 0.8 : 0.35,
            foreign ? "The run names a tokenizer or template of its own." : "Token ids that mean something else to the model give losses near or above chance.",
            CauseContext.Do("Decode a batch and read it (Get-TrainingSample); use the tokenizer and template that came with the model."));
    }
}

/// <summary>Training and validation data are of different kinds.</summary>
internal sealed class DataDiffers : ICause
{
    public string Id => CauseIds.DataDiffers;

    public string Title => "Training and validation data differ";

    public CauseOpinion? Consider(CauseContext context) => new(
        context.Symptom == Symptoms.TrainEvaluationMismatch ? 0.5 : 0.3,
        "The model fits one and not the other from the beginning, before it can have learnt anything by heart.",
        CauseContext.Do("Draw the validation set from the same source (Split-TrainingDataset), prepared by the same template and mask."));
}

/// <summary>Records come in an order.</summary>
internal sealed class DataNotShuffled : ICause
{
    public string Id => CauseIds.DataNotShuffled;

    public string Title => "The data is not shuffled";

    public CauseOpinion? Consider(CauseContext context)
    {
        var off = context.Facts.Shuffled == false;
        var seen = context.Has(Symptoms.DataOrder);
        if (!off && !seen)
        {
            return context.Facts.Shuffled == true ? null : new CauseOpinion(0.15, "Sorted data teaches one thing after the other, each forgotten for the next.", context.Change("Shuffle.", ("shuffle", true)));
        }

        return new CauseOpinion(
            seen ? 0.9 : 0.6,
            off ? "shuffle is off: the model sees the records in the order of the file, and forgets each kind while it learns the next." : "The records come in the order of the file.",
            context.Change("Shuffle the records each epoch.", ("shuffle", true)) with { IsSafe = true });
    }
}

/// <summary>The same records come again and again.</summary>
internal sealed class RecordsRepeatedCause : ICause
{
    public string Id => CauseIds.RecordsRepeated;

    public string Title => "The same records come again and again";

    public CauseOpinion? Consider(CauseContext context) => !context.Has(Symptoms.RecordsRepeated) ? null : new CauseOpinion(
        0.9, "Within one epoch records were used several times.", CauseContext.Do("Remove duplicates (Invoke-DatasetClean) and check the sampler or the files named twice."));
}

/// <summary>Validation rows are training rows.</summary>
internal sealed class EvaluationInTraining : ICause
{
    public string Id => CauseIds.EvaluationInTraining;

    public string Title => "Validation data is part of the training data";

    public CauseOpinion? Consider(CauseContext context)
    {
        var overlap = context.Facts.EvaluationOverlap;
        return overlap is 0 ? null : new CauseOpinion(
            overlap > 0 ? 1 : 0.4,
            overlap > 0 ? $"{Figure.Percent(overlap.Value)} of the validation rows are training rows, token for token." : "What the model has been shown it can repeat; its held-out loss then says nothing.",
            CauseContext.Do("Remove the training rows from the validation set (Invoke-DatasetClean with the validation file as reference), or split anew (Split-TrainingDataset)."));
    }
}

/// <summary>The answer stands in the input.</summary>
internal sealed class AnswerLeaks : ICause
{
    public string Id => CauseIds.AnswerLeaks;

    public string Title => "The answer can be read off the input";

    public CauseOpinion? Consider(CauseContext context) => new(
        0.4, "A loss near zero so early means that there is nothing to learn, only to copy.", CauseContext.Do("Read a batch as the model sees it (Get-TrainingSample): is the label, or a field derived from it, in the prompt?"))
    {
        Check = "Train with the labels shuffled: if the loss still falls to zero, they leak.",
    };
}
