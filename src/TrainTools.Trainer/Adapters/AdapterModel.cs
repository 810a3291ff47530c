using TorchSharp;
using TrainTools.Core.Adapters;
using TrainTools.Core.Errors;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// A LoRA adapter on a base model: its parts hang on the base's layers until this is disposed of. The base's own parameters
/// get no gradient, but for the biases where the config asks for them.
/// </summary>
public sealed partial class AdapterModel : IDisposable
{
    /// <summary>Output layers, which all-linear leaves out.</summary>
    private static readonly HashSet<string> Heads = new(StringComparer.Ordinal)
    {
        "lm_head", "embed_out", "score", "classifier", "classifier.dense", "classifier.out_proj", "cls.predictions.decoder", "lm_head.decoder", "vocab_projector",
    };

    private readonly List<IAdapterPart> parts = [];
    private readonly List<AdapterTensor> biases = [];
    private readonly List<(string Name, ModelParameter Slot)> carried = [];
    private readonly Dictionary<string, Tensor> initial = new(StringComparer.Ordinal);

    private AdapterModel(PretrainedModel model, AdapterConfigFile config)
    {
        Base = model;
        Config = config;
    }

    /// <summary>The base.</summary>
    public PretrainedModel Base { get; }

    /// <summary>adapter_config.json.</summary>
    public AdapterConfigFile Config { get; }

    /// <summary>What is trained, in the order of the base's modules.</summary>
    public IReadOnlyList<AdapterTensor> Parameters => [.. parts.SelectMany(p => p.Tensors), .. biases];

    /// <summary>Elements of what is trained.</summary>
    public long TrainableParameters => Parameters.Sum(p => p.Value.numel());

    /// <summary>Names of the modules with a part.</summary>
    public IReadOnlyList<string> Modules => [.. parts.Select(p => p.Module)];

    /// <summary>Off: the base computes alone (biases aside).</summary>
    public bool Enabled
    {
        get => parts.TrueForAll(p => p.Enabled);
        set => parts.ForEach(p => p.Enabled = value);
    }

    internal IReadOnlyList<IAdapterPart> Parts => parts;

    /// <summary>A new adapter; it leaves the model's function as it is until it is trained.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.AdapterTargetsNotFound"/>: nothing matches the targets.</exception>
    public static AdapterModel Create(PretrainedModel model, AdapterConfigFile config, long seed)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(config);
        config.RefuseUnknownInit();
        using var source = new InitialAdapter(config.InitLoraWeights, seed);
        var adapter = Build(model, config, source);
        adapter.CarryEmbeddings();
        adapter.RememberStart();
        return adapter;
    }

    /// <summary>An adapter from its folder (adapter_config.json, adapter_model.safetensors).</summary>
    /// <exception cref="TrainToolsException">A file that is missing or damaged, or an adapter of another base.</exception>
    public static AdapterModel Load(PretrainedModel model, string folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        var config = AdapterConfigFile.Read(folder);
        config.RefuseLostInit();
        using var file = AdapterFile.Open(folder);
        if (SelectTargets(model, config).Count == 0 && file.Left() is [var one, ..])
        {
            throw file.Mismatch($"none of its target_modules ({config.Json["target_modules"]?.ToJsonString() ?? "by default"}) is a layer there; '{one}' is one of its tensors, and the base ({model.Config.ModelType}) has {string.Join(", ", LayerNames(model))}");
        }

        var adapter = Build(model, config, file);
        try
        {
            adapter.TakeBaseTensors(file);
            file.RefuseLeftovers();
            return adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    /// <summary>Writes adapter_config.json and adapter_model.safetensors as PEFT would.</summary>
    /// <param name="folder">The folder; made where it is missing.</param>
    /// <param name="parameters">Copies to write in place of <see cref="Parameters"/>; null = those.</param>
    public void Save(string folder, IReadOnlyList<AdapterTensor>? parameters = null)
    {
        Directory.CreateDirectory(folder);
        AdapterFile.Save(folder, [.. (parameters ?? Parameters).Select(p => (p.Name, p.Value)), .. carried.Select(c => (c.Name, c.Slot.Value))]);
        Config.Write(folder);
    }

    /// <summary>
    /// Writes the adapter so that it fits the base as it was. PiSSA and OLoRA take a part of the base away at the start; what
    /// training changed is B·A − B₀·A₀, a plain adapter of twice the rank. Other adapters are written as they are.
    /// </summary>
    public void SaveForOriginalBase(string folder)
    {
        if (!parts.OfType<LoraLinear>().Any(p => p.Start is not null))
        {
            Save(folder);
            return;
        }

        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var tensors = parts.SelectMany(p => p is LoraLinear { Start: { } start } lora
            ? [(lora.A.Name, cat([lora.A.Value, start.A], 0)), (lora.B.Name, cat([lora.B.Value, start.B.neg()], 1))]
            : p.Tensors.Select(t => (t.Name, t.Value)));
        Directory.CreateDirectory(folder);
        AdapterFile.Save(folder, [.. tensors, .. biases.Select(b => (b.Name, b.Value)), .. carried.Select(c => (c.Name, c.Slot.Value))]);
        Config.WithDoubledRank().Write(folder);
    }

    /// <summary>Whether training would have to move a tensor: B, or A of an embedding.</summary>
    internal static bool MustMove(string name) => name.Contains(".lora_B.", StringComparison.Ordinal) || name.EndsWith(".lora_embedding_A", StringComparison.Ordinal);

    /// <summary>Whether a tensor is still what it was when the adapter was made.</summary>
    internal bool IsStill(AdapterTensor tensor) =>
        initial.TryGetValue(tensor.Name, out var before) ? tensor.Value.eq(before).all().item<bool>() : tensor.Value.count_nonzero().ToInt64() == 0;

    /// <summary>Copies the tensors of a saved adapter of the same shape back.</summary>
    public void Restore(string folder)
    {
        using var file = AdapterFile.Open(folder);
        using var grad = no_grad();
        foreach (var parameter in Parameters)
        {
            using var saved = file.Get(parameter.Name, parameter.Value.shape, AdapterRole.Copy);
            parameter.Value.copy_(saved);
        }
    }

    /// <summary>
    /// Puts the adapter into the base's weights, in float32, and takes the parts off. Each weight is cast back to the type it
    /// had. A head that was tied to the embedding and trained by itself cannot be merged into one table, and nothing is merged
    /// into a quantised base: rounding anew would lose most of what was trained.
    /// </summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.AdapterMergeUnsupported"/>.</exception>
    public void Merge()
    {
        if (QuantizedBase.IsQuantized(Base))
        {
            throw new TrainToolsException(
                ErrorIds.AdapterMergeUnsupported, ErrorKind.NotSupported, "An adapter is not merged into a quantised base: rounding the sum anew would lose much of what was trained.",
                "Merge into the 16- or 32-bit base that was quantised, and quantise the result if it must be small.", Base.Folder);
        }

        if (parts.Find(IsUntied) is { } untied)
        {
            throw new TrainToolsException(
                ErrorIds.AdapterMergeUnsupported, ErrorKind.NotSupported,
                $"'{untied.Module}' was trained by itself, but in the base it shares its weight with the embedding: one table cannot hold both.",
                "Export the adapter as it is, or use a base whose config.json has tie_word_embeddings set to false.", untied.Module);
        }

        foreach (var part in parts)
        {
            var slot = Base.LinearLayers.TryGetValue(part.Module, out var linear) ? linear.Weight : Base.EmbeddingLayers[part.Module].Weight;
            var type = slot.Value.dtype;
            using var merged = part.MergedWeight();
            var value = merged.dtype == type ? merged.clone() : merged.to_type(type);
            Detach(part, restore: false);
            slot.Value = value;
            if (part is SavedLinear { Bias: { } bias } && linear!.Bias is { } baseBias)
            {
                baseBias.Value = bias.Value.detach().to_type(baseBias.Value.dtype).clone();
            }
        }

        Free();
    }

    /// <summary>Whether the base's tables can hold the adapted weights.</summary>
    public bool CanMerge => !parts.Exists(IsUntied) && !QuantizedBase.IsQuantized(Base);

    /// <summary>Takes the parts off and frees their tensors; the base stays.</summary>
    public void Dispose()
    {
        parts.ForEach(p => Detach(p, restore: true));
        Free();
    }

    /// <summary>Names of the layers that a config's targets choose.</summary>
    internal static IReadOnlyList<string> SelectTargets(PretrainedModel model, AdapterConfigFile config) =>
        config.Targets.Select(model.LinearLayers.Keys, model.EmbeddingLayers.Keys, Heads, model.Config.ModelType);

    // A module of the list itself, or a layer below one (a classification head of two layers).
    private static bool IsSaved(string module, IReadOnlyList<string> saved) => saved.Any(s =>
        module == s || module.EndsWith("." + s, StringComparison.Ordinal)
        || module.StartsWith(s + ".", StringComparison.Ordinal) || module.Contains("." + s + ".", StringComparison.Ordinal));

    // A table used as head and as embedding, adapted on one side only.
    private bool IsUntied(IAdapterPart part) => Base.LinearLayers.TryGetValue(part.Module, out var linear)
        ? Base.EmbeddingLayers.Values.Any(e => ReferenceEquals(e.Weight, linear.Weight))
        : Base.LinearLayers.Values.Any(l => ReferenceEquals(l.Weight, Base.EmbeddingLayers[part.Module].Weight));

    private static IEnumerable<string> LayerNames(PretrainedModel model) => model.LinearLayers.Keys.Select(n => n[(n.LastIndexOf('.') + 1)..]).Distinct(StringComparer.Ordinal);

    private TrainToolsException NothingMatches()
    {
        var names = LayerNames(Base);
        var asked = Config.Json["target_modules"]?.ToJsonString() ?? $"the default of {Base.Config.ModelType}";
        return new TrainToolsException(
            ErrorIds.AdapterTargetsNotFound, ErrorKind.InvalidArgument, $"No layer of the model matches target_modules {asked}.",
            $"Use all-linear, or names among: {string.Join(", ", names)}.", "target_modules");
    }

    private void Detach(IAdapterPart part, bool restore)
    {
        if (restore && part is LoraLinear lora)
        {
            lora.GiveBack();
        }

        if (Base.LinearLayers.TryGetValue(part.Module, out var linear) && ReferenceEquals(linear.Adapter, part))
        {
            linear.Adapter = null;
        }

        if (Base.EmbeddingLayers.TryGetValue(part.Module, out var embedding) && ReferenceEquals(embedding.Adapter, part))
        {
            embedding.Adapter = null;
        }
    }

    private void Free()
    {
        foreach (var tensor in parts.SelectMany(p => p.Tensors))
        {
            tensor.Value.Dispose();
        }

        parts.OfType<LoraLinear>().ToList().ForEach(p => p.ForgetStart());
        foreach (var tensor in initial.Values)
        {
            tensor.Dispose();
        }

        initial.Clear();
        carried.Clear();
        parts.Clear();
        foreach (var bias in biases)
        {
            bias.Value.requires_grad_(false);
        }

        biases.Clear();
    }
}
