using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Causes;

/// <summary>Parameters that should learn are frozen.</summary>
internal sealed class ParametersFrozen : ICause
{
    public string Id => CauseIds.ParametersFrozen;

    public string Title => "Parameters are frozen";

    public CauseOpinion? Consider(CauseContext context)
    {
        var (trainable, total) = (context.Facts.TrainableParameters, context.Facts.TotalParameters);
        var frozen = context.Facts.Method == TrainingMethod.Full && trainable < total;
        if (context.Facts.Method == TrainingMethod.Full && trainable == total && !context.Has(Symptoms.ParametersStill))
        {
            return null;
        }

        var still = context.Has(Symptoms.ParametersStill) || context.Has(Symptoms.NotTrainable);
        return new CauseOpinion(
            frozen ? 0.9 : still ? context.UpdateRatio < 1e-5 ? 0.2 : 0.9 : 0.2,
            frozen ? $"Only {ConfigText.Count(trainable!.Value)} of {ConfigText.Count(total!.Value)} parameters are trained." : still ? "Tensors that should be trained did not change." : "A frozen part cannot learn.",
            CauseContext.Do("Check which parameters are trained, and unfreeze those that should be."));
    }
}

/// <summary>Parameters that should learn are not given to the optimizer.</summary>
internal sealed class NotInOptimizer : ICause
{
    public string Id => CauseIds.NotInOptimizer;

    public string Title => "Parameters are missing from the optimizer";

    public CauseOpinion? Consider(CauseContext context) => !(context.Has(Symptoms.DeadAdapter) || context.Has(Symptoms.ParametersStill)) ? null : new CauseOpinion(
        context.UpdateRatio is > 0 and < 1e-5 ? 0.2 : context.Symptom == Symptoms.DeadAdapter ? 0.9 : 0.6,
        "They have a gradient but stay what they were.",
        CauseContext.Do("Build the optimizer after the adapters are in place, from every parameter that requires a gradient."));
}

/// <summary>Accumulated gradients are weighted wrongly.</summary>
internal sealed class AccumulationNormaliser : ICause
{
    public string Id => CauseIds.AccumulationNormaliser;

    public string Title => "Accumulated micro-batches are weighted wrongly";

    public CauseOpinion? Consider(CauseContext context)
    {
        if (context.Facts.Accumulation is 1)
        {
            return null;
        }

        var (support, reason) = Judge(context);
        return new CauseOpinion(support, reason, CauseContext.Do("Divide by the supervised tokens of the whole step, not by those of each micro-batch."))
        {
            Check = "The same rows with gradient_accumulation_steps 1 and with more must give the same loss and gradient norm.",
        };
    }

    private static (double Support, string Reason) Judge(CauseContext context)
    {
        if (context.Has(Symptoms.AccumulationWrong))
        {
            return (0.95, "The step's gradient is larger than any mean of its micro-batches' can be.");
        }

        var ratio = context.TrainingOverEvaluation;
        if (context.Facts.Accumulation is { } batches && Math.Abs(ratio / batches - 1) < 0.25)
        {
            return (0.95, $"The training loss is {Figure.Times(ratio)} the held-out one, and a step has {batches} micro-batches: a sum where there should be a mean.");
        }

        // More than any model can be wrong by.
        var chance = context.Facts.Classes is > 1 and { } classes ? Math.Log(classes) : double.NaN;
        return context.History.StartLoss > 3 * chance
            ? (0.9, $"The loss begins at {Figure.Of(context.History.StartLoss)}, {Figure.Times(context.History.StartLoss / chance)} what guessing costs: it is added up where its mean should be taken.")
            : (0.2, "A sum where there should be a mean multiplies loss and gradient by the number of micro-batches.");
    }
}

/// <summary>Dropout is so high that training sees little of the model.</summary>
internal sealed class DropoutTooHigh : ICause
{
    public string Id => CauseIds.DropoutTooHigh;

    public string Title => "Dropout is too high";

    public CauseOpinion? Consider(CauseContext context)
    {
        var dropout = context.Facts.Dropout;
        if (dropout < 0.15 || context.TrainingOverEvaluation < 0.7)
        {
            return null;
        }

        var config = context.Facts.Config?.Model;
        var settings = new List<(string, object)>();
        if (config?.HiddenDropout > 0.1)
        {
            settings.Add(("hidden_dropout", 0.1));
        }

        if (config?.AttentionDropout > 0.1)
        {
            settings.Add(("attention_dropout", 0.1));
        }

        if (config?.ClassifierDropout > 0.1)
        {
            settings.Add(("classifier_dropout", 0.1));
        }

        return new CauseOpinion(
            dropout switch { >= 0.3 => 0.95, null => 0.25, _ => 0.2 },
            dropout is { } rate ? $"Dropout is {Figure.Of(rate)}: training drops that share of the signal, evaluation none of it." : "Dropout holds the training loss up, evaluation does without it.",
            context.Change("Lower dropout to 0.1.", [.. settings]) with { IsSafe = settings.Count > 0 });
    }
}

/// <summary>The number format cannot hold the values.</summary>
internal sealed class PrecisionOverflow : ICause
{
    public string Id => CauseIds.PrecisionOverflow;

    public string Title => "The number format overflows";

    public CauseOpinion? Consider(CauseContext context)
    {
        var precision = context.Facts.Precision;
        if (precision == Precision.Fp32 && context.Symptom != Symptoms.NonFinite)
        {
            return null;
        }

        // A finite loss with a gradient that is not: the scale of the gradients, not the training, went out of range.
        var gradientOnly = context.Symptom == Symptoms.NonFinite && context.Sighting.Evidence.Any(e => e.Signal == "grad_norm");
        var support = precision switch { Precision.Fp16 when gradientOnly => 1, Precision.Fp16 => 0.8, Precision.Bf16 => 0.2, Precision.Fp32 => 0.05, _ => 0.3 };
        var reason = precision switch
        {
            Precision.Fp16 => "The run is in fp16, which ends at 65,504; activations and gradients of transformers go beyond.",
            null => "fp16 ends at 65,504; activations and gradients of transformers go beyond.",
            _ => $"The run is in {precision.Value.ToString().ToLowerInvariant()}, whose range is that of single precision.",
        };
        return precision == Precision.Fp32
            ? new CauseOpinion(support, reason)
            : new CauseOpinion(support, reason, context.Change("Use bf16 where the device has it, fp32 otherwise.", ("precision", precision == Precision.Bf16 ? Precision.Fp32 : Precision.Bf16)))
            {
                Check = "Replay the batch in fp32: if it is finite there, it was the format.",
            };
    }
}
