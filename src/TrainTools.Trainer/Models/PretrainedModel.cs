using System.Text.Json.Nodes;
using TorchSharp;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models;

/// <summary>
/// Runs a layer in another way than calling it: gradient checkpointing. The function may be called again in the
/// backward pass and gives the same result (dropout aside: restore the generator).
/// </summary>
public interface ILayerRunner
{
    /// <summary>The layer's output for its input.</summary>
    Tensor Run(int layer, Func<Tensor, Tensor> forward, Tensor hidden);
}

/// <summary>
/// A model of any family with its parameters under Hugging Face names. Forward passes are plain functions of the
/// parameters: no module tree, so that adapters, casting and checkpointing act on names. Parameters come without
/// gradient; who trains turns it on. Not thread-safe: one forward pass at a time.
/// </summary>
public abstract class PretrainedModel : IDisposable
{
    private readonly ModelLayout layout;

    private protected PretrainedModel(ModelConfigFile config, ModelLayout layout)
    {
        Config = config;
        this.layout = layout;
        Parameters = new ParameterView(layout.Parameters);
    }

    /// <summary>Parameters by Hugging Face name, in the order of the family's own modules. Tied weights appear once.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters { get; }

    /// <summary>The same as slots, whose tensors can be replaced.</summary>
    public IReadOnlyList<ModelParameter> ParameterSlots => layout.Parameters;

    /// <summary>Linear layers by Hugging Face module name, in order; a tied head is among them.</summary>
    public IReadOnlyDictionary<string, LinearLayer> LinearLayers => layout.Linears;

    /// <summary>Embeddings by Hugging Face module name, in order.</summary>
    public IReadOnlyDictionary<string, EmbeddingLayer> EmbeddingLayers => layout.Embeddings;

    /// <summary>The config.</summary>
    public ModelConfigFile Config { get; }

    /// <summary>config.json as it was read, unknown fields included; changes to it are saved with the model.</summary>
    public JsonObject ConfigJson => Config.Json;

    /// <summary>Folder it was read from.</summary>
    public string? Folder { get; internal set; }

    /// <summary>What reading the weights came across: heads made anew, tensors left aside.</summary>
    public LoadReport LoadReport { get; internal set; } = LoadReport.Empty;

    /// <summary>Size of the hidden state.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Rows of the input embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Largest number of positions; null where there is no limit.</summary>
    public required int? MaxPositions { get; init; }

    /// <summary>Layers.</summary>
    public abstract int LayerCount { get; }

    /// <summary>Names of the parameters that weight decay leaves alone, by transformers' rule.</summary>
    public IReadOnlySet<string> NoDecayParameterNames =>
        layout.Parameters.Where(p => !p.Decays).Select(p => p.Name).ToHashSet(StringComparer.Ordinal);

    /// <summary>Type of the computation: the embedding's output is cast to it, and each weight where it is used.</summary>
    public ScalarType ComputeType { get; set; } = ScalarType.Float32;

    /// <summary>Device of the parameters.</summary>
    public Device Device { get; internal set; } = CPU;

    /// <summary>Runs the layers; null = they are called.</summary>
    public ILayerRunner? LayerRunner { get; set; }

    /// <summary>
    /// NEFTune: in training, uniform noise of ± alpha / sqrt(T · H) on the token embeddings; null = none.
    /// </summary>
    public double? NeftuneNoiseAlpha { get; set; }

    /// <summary>Frees the parameters.</summary>
    public void Dispose()
    {
        layout.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>A decoder with a next-token head.</summary>
public abstract class CausalLanguageModel : PretrainedModel
{
    private protected CausalLanguageModel(ModelConfigFile config, ModelLayout layout)
        : base(config, layout)
    {
    }

    /// <summary>Hidden states after the last norm, [B, T, H], in the type of the computation.</summary>
    public abstract Tensor HiddenStates(ModelInput input);

    /// <summary>Logits of hidden states: [N, H] or [B, T, H] in, the same with V last out, in the hidden states' dtype; training turns an adapter's dropout on.</summary>
    public abstract Tensor Logits(Tensor hidden, bool training = false);

    /// <summary>The next-token head where logits are nothing but its product with a weight, so that its gradient can be made without a graph; null elsewhere (adapters, soft-caps, bias).</summary>
    public virtual LinearLayer? PlainHead => null;

    /// <summary>Whether the layers of this model, as it is now, are trained by kernels that share the threads among themselves (small models in float32, without adapters).</summary>
    public virtual bool IsCompact => false;
}
