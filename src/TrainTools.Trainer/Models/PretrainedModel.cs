using TorchSharp;

namespace TrainTools.Trainer.Models;

/// <summary>
/// A model of any family with its parameters under Hugging Face names. Forward passes are plain functions of the
/// parameters: no module tree, so that adapters, casting and checkpointing act on names.
/// </summary>
public abstract class PretrainedModel : IDisposable
{
    /// <summary>Parameters by Hugging Face name, in the order of the family's own modules. Tied weights appear once.</summary>
    public abstract IReadOnlyDictionary<string, torch.Tensor> Parameters { get; }

    /// <summary>config.json as it was read, unknown fields included.</summary>
    public abstract System.Text.Json.Nodes.JsonObject ConfigJson { get; }

    /// <summary>Size of the hidden state.</summary>
    public abstract int HiddenSize { get; }

    /// <summary>Rows of the input embedding.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Largest number of positions; null where there is no limit.</summary>
    public abstract int? MaxPositions { get; }

    /// <summary>Names of the parameters that weight decay leaves alone, by transformers' rule.</summary>
    public abstract IReadOnlySet<string> NoDecayParameterNames { get; }

    /// <summary>Frees the parameters.</summary>
    public abstract void Dispose();
}

/// <summary>A decoder with a next-token head.</summary>
public abstract class CausalLanguageModel : PretrainedModel
{
    /// <summary>Hidden states after the last norm, [B, T, H].</summary>
    public abstract torch.Tensor HiddenStates(ModelInput input);

    /// <summary>Logits of hidden states: [N, H] or [B, T, H] in, the same with V last out, in the hidden states' dtype.</summary>
    public abstract torch.Tensor Logits(torch.Tensor hidden);
}
