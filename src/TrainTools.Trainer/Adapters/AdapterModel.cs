using TorchSharp;
using TrainTools.Core.Adapters;
using TrainTools.Core.Errors;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// A LoRA adapter on a base model: its parts hang on the base's layers until this is disposed of. The base's own parameters
/// get no gradient, but for the biases where the config asks for them.
/// </summary>
public sealed class AdapterModel : IDisposable
{
    /// <summary>Output layers, which all-linear leaves out.</summary>
    private static readonly HashSet<string> Heads = new(StringComparer.Ordinal)
    {
        "lm_head", "embed_out", "score", "classifier", "pre_classifier", "classifier.dense", "classifier.out_proj",
        "cls.predictions.decoder", "cls.predictions.transform.dense", "lm_head.dense", "lm_head.decoder", "vocab_projector", "vocab_transform",
    };

    private readonly List<IAdapterPart> parts = [];
    private readonly List<AdapterTensor> biases = [];

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
        using var source = new InitialAdapter(config.InitLoraWeights, seed);
        return Build(model, config, source);
    }

    /// <summary>An adapter from its folder (adapter_config.json, adapter_model.safetensors).</summary>
    /// <exception cref="TrainToolsException">A file that is missing or damaged, or an adapter of another base.</exception>
    public static AdapterModel Load(PretrainedModel model, string folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        var config = AdapterConfigFile.Read(folder);
        using var file = AdapterFile.Open(folder);
        var adapter = Build(model, config, file);
        try
        {
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
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        AdapterFile.Save(folder, Parameters);
        Config.Write(folder);
    }

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
    /// had. A head that was tied to the embedding and trained by itself cannot be merged into one table.
    /// </summary>
    public void Merge()
    {
        if (parts.Find(IsUntied) is { } untied)
        {
            throw new TrainToolsException(
                ErrorIds.AdapterBaseMismatch, ErrorKind.NotSupported,
                $"'{untied.Module}' was trained by itself, but in the base it shares its weight with the embedding: one table cannot hold both.",
                "Export the adapter as it is, or use a base whose config.json has tie_word_embeddings set to false.", untied.Module);
        }

        foreach (var part in parts)
        {
            var slot = Base.LinearLayers.TryGetValue(part.Module, out var linear) ? linear.Weight : Base.EmbeddingLayers[part.Module].Weight;
            var type = slot.Value.dtype;
            using var merged = part.MergedWeight();
            var value = merged.dtype == type ? merged.clone() : merged.to_type(type);
            Detach(part);
            slot.Value = value;
            if (part is SavedLinear { Bias: { } bias } && linear!.Bias is { } baseBias)
            {
                baseBias.Value = bias.Value.detach().to_type(baseBias.Value.dtype).clone();
            }
        }

        Free();
    }

    /// <summary>Whether the base's tables can hold the adapted weights.</summary>
    public bool CanMerge => !parts.Exists(IsUntied);

    /// <summary>Takes the parts off and frees their tensors; the base stays.</summary>
    public void Dispose()
    {
        parts.ForEach(Detach);
        Free();
    }

    /// <summary>Names of the layers that a config's targets choose.</summary>
    internal static IReadOnlyList<string> SelectTargets(PretrainedModel model, AdapterConfigFile config) =>
        config.Targets.Select(model.LinearLayers.Keys, model.EmbeddingLayers.Keys, Heads, model.Config.ModelType);

    private static AdapterModel Build(PretrainedModel model, AdapterConfigFile config, IAdapterSource source)
    {
        var adapter = new AdapterModel(model, config);
        try
        {
            adapter.Attach(source);
            return adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    private void Attach(IAdapterSource source)
    {
        var targets = SelectTargets(Base, Config).ToHashSet(StringComparer.Ordinal);
        var saved = Config.ModulesToSave;
        var targetsLeft = targets.Where(t => !IsSaved(t, saved)).ToHashSet(StringComparer.Ordinal);
        if (targetsLeft.Count == 0)
        {
            throw NothingMatches();
        }

        foreach (var slot in Base.ParameterSlots)
        {
            slot.Value.requires_grad_(false);
        }

        foreach (var (name, layer) in Base.LinearLayers)
        {
            if (IsSaved(name, saved))
            {
                parts.Add(new SavedLinear(layer, Copy(name + ".weight", layer.Weight, source), layer.Bias is null ? null : Copy(name + ".bias", layer.Bias, source)));
            }
            else if (targetsLeft.Contains(name))
            {
                parts.Add(Lora(name, layer, source));
            }
        }

        foreach (var (name, layer) in Base.EmbeddingLayers)
        {
            if (IsSaved(name, saved))
            {
                parts.Add(new SavedEmbedding(layer, Copy(name + ".weight", layer.Weight, source)));
            }
            else if (targetsLeft.Contains(name))
            {
                var rank = Config.RankOf(name);
                var prefix = AdapterFile.Prefix + name;
                parts.Add(new LoraEmbedding(
                    layer,
                    Trained(prefix + ".lora_embedding_A", source.Get(prefix + ".lora_embedding_A", [rank, layer.Weight.Shape[0]], AdapterRole.EmbeddingA), decays: true),
                    Trained(prefix + ".lora_embedding_B", source.Get(prefix + ".lora_embedding_B", [layer.Weight.Shape[1], rank], AdapterRole.EmbeddingB), decays: true),
                    Config.ScaleOf(name)));
            }
        }

        TrainBiases(targetsLeft, source);
    }

    private LoraLinear Lora(string name, LinearLayer layer, IAdapterSource source)
    {
        var rank = Config.RankOf(name);
        var prefix = AdapterFile.Prefix + name;
        var a = Trained(prefix + ".lora_A.weight", source.Get(prefix + ".lora_A.weight", [rank, layer.InFeatures], AdapterRole.A), decays: true);
        var b = Trained(prefix + ".lora_B.weight", source.Get(prefix + ".lora_B.weight", [layer.OutFeatures, rank], AdapterRole.B), decays: true);
        AdapterTensor? magnitude = null;
        if (Config.UseDora)
        {
            using var scope = NewDisposeScope();
            using var grad = no_grad();
            var weight = layer.Weight.As(ScalarType.Float32);
            var first = LoraLinear.Norm((layer.Transposed ? weight.t() : weight).add(b.Value.mm(a.Value).mul(Config.ScaleOf(name)))).clone();
            var value = source.Get(prefix + ".lora_magnitude_vector", [layer.OutFeatures], AdapterRole.Magnitude, first);
            magnitude = Trained(prefix + ".lora_magnitude_vector", value, decays: true);
        }

        return new LoraLinear(layer, layer.FrozenProduct ?? new DenseProduct(layer), a, b, magnitude, Config.ScaleOf(name), Config.LoraDropout);
    }

    private void TrainBiases(HashSet<string> targets, IAdapterSource source)
    {
        if (Config.Bias == "none")
        {
            return;
        }

        foreach (var (name, layer) in Base.LinearLayers)
        {
            if (layer.Bias is not { } bias || (Config.Bias == "lora_only" && !targets.Contains(name)) || layer.Adapter is SavedLinear)
            {
                continue;
            }

            var key = AdapterFile.Prefix + name + (targets.Contains(name) ? ".base_layer.bias" : ".bias");
            bias.Value = source.Get(key, [.. bias.Shape], AdapterRole.Copy, bias.Value.detach().clone());
            biases.Add(Trained(key, bias.Value, decays: false));
        }
    }

    private AdapterTensor Copy(string name, ModelParameter parameter, IAdapterSource source)
    {
        using var scope = NewDisposeScope();
        var value = source.Get(AdapterFile.Prefix + name, [.. parameter.Shape], AdapterRole.Copy, parameter.Value.detach().to_type(ScalarType.Float32).clone());
        return Trained(AdapterFile.Prefix + name, value, parameter.Decays);
    }

    private static AdapterTensor Trained(string name, Tensor value, bool decays) => new(name, value.DetachFromDisposeScope().requires_grad_(true), decays);

    // A module of the list itself, or a layer below one (a classification head of two layers).
    private static bool IsSaved(string module, IReadOnlyList<string> saved) => saved.Any(s =>
        module == s || module.EndsWith("." + s, StringComparison.Ordinal)
        || module.StartsWith(s + ".", StringComparison.Ordinal) || module.Contains("." + s + ".", StringComparison.Ordinal));

    // A table used as head and as embedding, adapted on one side only.
    private bool IsUntied(IAdapterPart part) => Base.LinearLayers.TryGetValue(part.Module, out var linear)
        ? Base.EmbeddingLayers.Values.Any(e => ReferenceEquals(e.Weight, linear.Weight))
        : Base.LinearLayers.Values.Any(l => ReferenceEquals(l.Weight, Base.EmbeddingLayers[part.Module].Weight));

    private TrainToolsException NothingMatches()
    {
        var names = Base.LinearLayers.Keys.Select(n => n[(n.LastIndexOf('.') + 1)..]).Distinct(StringComparer.Ordinal);
        var asked = Config.Json["target_modules"]?.ToJsonString() ?? $"the default of {Base.Config.ModelType}";
        return new TrainToolsException(
            ErrorIds.AdapterTargetsNotFound, ErrorKind.InvalidArgument, $"No layer of the model matches target_modules {asked}.",
            $"Use all-linear, or names among: {string.Join(", ", names)}.", "target_modules");
    }

    private void Detach(IAdapterPart part)
    {
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

        parts.Clear();
        foreach (var bias in biases)
        {
            bias.Value.requires_grad_(false);
        }

        biases.Clear();
    }
}
