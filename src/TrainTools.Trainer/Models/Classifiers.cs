using TrainTools.Core.Configuration;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models;

/// <summary>One row of scores a text, or a document of a padding-free row.</summary>
public abstract class SequenceClassifier : PretrainedModel
{
    private protected SequenceClassifier(ModelConfigFile config, ModelLayout layout, IReadOnlyList<string> labels)
        : base(config, layout)
    {
        Labels = labels;
        ProblemType = Families.LabelSet.ReadProblemType(config);
    }

    /// <summary>Labels in the order of the scores.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>
    /// The config's problem_type; null where it does not say, and transformers then goes by the labels: one score is a
    /// regression, whole numbers are classes, anything else is multi-label.
    /// </summary>
    public ProblemType? ProblemType { get; }

    /// <summary>[B, labels], or [documents, labels] for a padding-free row.</summary>
    public abstract Tensor Logits(ModelInput input);
}

/// <summary>One row of scores a token.</summary>
public abstract class TokenClassifier : PretrainedModel
{
    private protected TokenClassifier(ModelConfigFile config, ModelLayout layout, IReadOnlyList<string> labels)
        : base(config, layout) => Labels = labels;

    /// <summary>Labels in the order of the scores.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>[B, T, labels].</summary>
    public abstract Tensor Logits(ModelInput input);
}

/// <summary>An encoder that guesses masked tokens.</summary>
public abstract class MaskedLanguageModel : PretrainedModel
{
    private protected MaskedLanguageModel(ModelConfigFile config, ModelLayout layout)
        : base(config, layout)
    {
    }

    /// <summary>Hidden states of the last layer, [B, T, H].</summary>
    public abstract Tensor HiddenStates(ModelInput input);

    /// <summary>Logits of hidden states, the head's own layers included: [N, H] or [B, T, H] in, V last out.</summary>
    public abstract Tensor Logits(Tensor hidden, bool training = false);
}
