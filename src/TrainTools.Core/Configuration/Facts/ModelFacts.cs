using TrainTools.Core.Errors;
using TrainTools.Core.Models;
using TrainTools.Core.Serialization;

namespace TrainTools.Core.Configuration;

/// <summary>What a model folder says about the model: config.json and the headers of the weights. No tensor is read.</summary>
public sealed record ModelFacts
{
    private static readonly HashSet<string> Encoders = new(StringComparer.Ordinal) { "bert", "roberta", "distilbert" };

    /// <summary>The folder.</summary>
    public string? Folder { get; init; }

    /// <summary>model_type of config.json ("llama").</summary>
    public string? ModelType { get; init; }

    /// <summary>Size of the hidden state; 0 if not known.</summary>
    public int HiddenSize { get; init; }

    /// <summary>Layers; 0 if not known.</summary>
    public int Layers { get; init; }

    /// <summary>Attention heads; 0 if not known.</summary>
    public int Heads { get; init; }

    /// <summary>Key-value heads.</summary>
    public int KeyValueHeads { get; init; }

    /// <summary>Size of a head.</summary>
    public int HeadSize { get; init; }

    /// <summary>Width of the feed-forward part.</summary>
    public int IntermediateSize { get; init; }

    /// <summary>Rows of the embedding; 0 if not known.</summary>
    public int VocabularySize { get; init; }

    /// <summary>Largest number of positions; null where the model names none.</summary>
    public int? MaxPositions { get; init; }

    /// <summary>Whether the output layer is the embedding.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Name of an output head that is the embedding's table: no tensor of its own, though an adapter may name it; else nothing.</summary>
    internal IReadOnlyList<string> TiedHead => TieWordEmbeddings && !IsEncoder ? ["lm_head"] : [];

    /// <summary>Bits of a checkpoint whose linear layers are quantised (bitsandbytes): 4 or 8; null = it is not.</summary>
    internal int? QuantizedBits => Parameters.Any(p => p.Dtype == SafetensorsDtype.U8) ? 4 : Parameters.Any(p => p.Dtype == SafetensorsDtype.I8) ? 8 : null;

    /// <summary>Labels of a classifier (num_labels, id2label); null where config.json names none.</summary>
    public int? LabelCount { get; init; }

    /// <summary>Dropout of attention weights that config.json sets.</summary>
    public double AttentionDropout { get; init; }

    /// <summary>Dropout of hidden states that config.json sets.</summary>
    public double HiddenDropout { get; init; }

    /// <summary>Tensors of the checkpoint; empty where it holds no safetensors file.</summary>
    public IReadOnlyList<ParameterFacts> Parameters { get; init; } = [];

    /// <summary>Number of parameters; null where neither the weights nor config.json tell.</summary>
    public long? ParameterCount { get; init; }

    /// <summary>Whether the model reads in both directions (BERT and its kin).</summary>
    public bool IsEncoder => ModelType is not null && Encoders.Contains(ModelType);

    /// <summary>The count in billions or millions ("7.2 B", "260 k").</summary>
    public string DescribeSize() => ParameterCount is { } count ? ConfigText.Count(count) : "an unknown number of";

    /// <summary>Names of the linear layers without their path ("q_proj"), for completion and checks of target_modules.</summary>
    public IReadOnlyList<string> LinearLayerNames() =>
        [.. LinearLayers().Select(p => p[(p.LastIndexOf('.') + 1)..]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Whether a layer of this full name is linear.</summary>
    internal bool IsLinear(string layer) => !IsEmbedding(layer + ".");

    /// <summary>Full names of the linear layers, output and embedding layers included where they are linear.</summary>
    public IReadOnlyList<string> LinearLayers() =>
        [.. Parameters.Where(p => p.Shape.Count == 2 && p.Name.EndsWith(".weight", StringComparison.Ordinal) && !IsEmbedding(p.Name)).Select(p => p.Name[..^".weight".Length])];

    /// <summary>Reads a folder's config.json and the headers of its weights.</summary>
    /// <exception cref="TrainToolsException">
    /// As <see cref="ReadConfig"/>, that the model is not supported (ModelTypeUnsupported, ModelSettingUnsupported), or what is wrong with the weights
    /// (ModelWeightsMissing, ModelWeightsPickled, ModelShardMissing, SafetensorsInvalid, SafetensorsTruncated, …).
    /// </exception>
    public static ModelFacts Read(string folder)
    {
        var facts = ReadConfig(folder);
        ModelSupport.Require(ModelConfigFile.Read(folder));
        return facts.WithParameters(QuantizedParameters.Read(ModelWeightFiles.Find(folder)));
    }

    /// <summary>Reads a folder's config.json.</summary>
    /// <exception cref="TrainToolsException">ModelFolderNotFound, ModelConfigMissing, ModelConfigInvalid or ModelTypeMissing.</exception>
    public static ModelFacts ReadConfig(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return (ModelConfigReader.Read(ModelConfigFile.Read(folder)) with { Folder = folder }).WithParameters([]);
    }

    /// <summary>The same facts with tensors, counted: each once, tied output layers and rotary tables left out.</summary>
    public ModelFacts WithParameters(IReadOnlyList<ParameterFacts> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (parameters.Count == 0)
        {
            return this with { ParameterCount = ParameterCount ?? Estimate() };
        }

        var kept = parameters.Where(p => !p.Name.EndsWith(".inv_freq", StringComparison.Ordinal) && !p.Name.EndsWith(".position_ids", StringComparison.Ordinal)
            && !(TieWordEmbeddings && (p.Name is "lm_head.weight" or "embed_out.weight"))).ToList();
        return this with { Parameters = kept, ParameterCount = kept.Sum(p => p.Count) };
    }

    private static bool IsEmbedding(string name) =>
        name.Contains("embed", StringComparison.Ordinal) || name.Contains(".wte.", StringComparison.Ordinal) || name.Contains(".wpe.", StringComparison.Ordinal)
        || name.StartsWith("wte.", StringComparison.Ordinal) || name.StartsWith("wpe.", StringComparison.Ordinal);

    // A gated decoder's count; within a few percent for the families there are, which is enough to choose defaults by.
    private long? Estimate()
    {
        if (HiddenSize == 0 || Layers == 0 || VocabularySize == 0)
        {
            return null;
        }

        long h = HiddenSize;
        var attention = h * HeadSize * Heads * 2 + h * HeadSize * KeyValueHeads * 2;
        var matrices = IsEncoder || ModelType is "gpt2" or "gpt_neox" ? 2 : 3;
        return Layers * (attention + matrices * h * IntermediateSize) + (TieWordEmbeddings || IsEncoder ? 1 : 2) * h * VocabularySize;
    }
}
