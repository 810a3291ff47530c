using TorchSharp;
using TrainTools.Core.Adapters;
using TrainTools.Core.Errors;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <content>Putting the parts on the base's layers.</content>
public sealed partial class AdapterModel
{
    /// <summary>An adapter of tensors that are already there.</summary>
    internal static AdapterModel From(PretrainedModel model, AdapterConfigFile config, IAdapterSource source) => Build(model, config, source);

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
            throw targets.Count == 0 ? NothingMatches() : new TrainToolsException(
                ErrorIds.AdapterTargetsNotFound, ErrorKind.InvalidArgument,
                $"Every layer that target_modules names ({string.Join(", ", targets.Select(t => t[(t.LastIndexOf('.') + 1)..]).Distinct(StringComparer.Ordinal))}) is among modules_to_save, which are trained in full: no adapter is left.",
                "Take some of them out of modules_to_save, or train the model in full (finetuning_type: full).", "modules_to_save");
        }

        foreach (var slot in Base.ParameterSlots)
        {
            slot.Value.requires_grad_(false);
        }

        foreach (var (name, layer) in Base.LinearLayers)
        {
            if (IsSaved(name, saved))
            {
                parts.Add(new SavedLinear(layer, Copy(name + ".weight", layer.Weight, source, layer), layer.Bias is null ? null : Copy(name + ".bias", layer.Bias, source)));
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

        TrainBiases(targetsLeft, saved, source);
    }

    private LoraLinear Lora(string name, LinearLayer layer, IAdapterSource source)
    {
        var (rank, scale) = (Config.RankOf(name), Config.ScaleOf(name));
        var prefix = AdapterFile.Prefix + name;
        AdapterStart? start = Config.TakesFromBase ? AdapterStart.Take(layer, rank, scale, Config.InitLoraWeights) : null;
        try
        {
            var a = Trained(prefix + ".lora_A.weight", source.Get(prefix + ".lora_A.weight", [rank, layer.InFeatures], AdapterRole.A, start?.A), decays: true);
            var b = Trained(prefix + ".lora_B.weight", source.Get(prefix + ".lora_B.weight", [layer.OutFeatures, rank], AdapterRole.B, start?.B), decays: true);
            AdapterTensor? magnitude = null;
            if (Config.UseDora)
            {
                using var scope = NewDisposeScope();
                using var grad = no_grad();
                var first = LoraLinear.Norm(layer.Matrix().add(b.Value.mm(a.Value).mul(scale))).clone();
                var value = source.Get(prefix + ".lora_magnitude_vector", [layer.OutFeatures], AdapterRole.Magnitude, first);
                magnitude = Trained(prefix + ".lora_magnitude_vector", value, decays: true);
            }

            return new LoraLinear(layer, layer.FrozenProduct ?? new DenseProduct(layer), a, b, magnitude, scale, Config.LoraDropout, start);
        }
        catch
        {
            start?.GiveBack(layer, scale);
            start?.Dispose();
            throw;
        }
    }

    /// <summary>Biases of the base that the config has trained: all of them (norms included), or those of the layers with adapters.</summary>
    private void TrainBiases(HashSet<string> targets, IReadOnlyList<string> saved, IAdapterSource source)
    {
        if (Config.Bias == "none")
        {
            return;
        }

        foreach (var slot in Base.ParameterSlots.Where(p => p.Name.EndsWith(".bias", StringComparison.Ordinal)))
        {
            var module = slot.Name[..^".bias".Length];
            if (IsSaved(module, saved) || (Config.Bias == "lora_only" && !targets.Contains(module)))
            {
                continue;
            }

            var key = AdapterFile.Prefix + module + (targets.Contains(module) ? ".base_layer.bias" : ".bias");
            using var scope = NewDisposeScope();
            slot.Value = source.Get(key, [.. slot.Shape], AdapterRole.Bias, slot.Value.detach().to_type(ScalarType.Float32).clone());
            biases.Add(Trained(key, slot.Value, decays: false));
        }
    }

    /// <summary>PEFT saves the tables of adapted embeddings and heads with the adapter: where targets name embed_tokens or lm_head.</summary>
    private void CarryEmbeddings()
    {
        string[] names = ["embed_tokens", "lm_head"];
        var listed = Config.Text("target_modules") is null && (Config.Strings("target_modules") ?? []).Any(t => names.Contains(t, StringComparer.Ordinal));
        foreach (var part in parts.Where(p => p is LoraEmbedding or LoraLinear && names.Contains(p.Module[(p.Module.LastIndexOf('.') + 1)..], StringComparer.Ordinal)))
        {
            if (listed || Config.Text("target_modules") is not null)
            {
                carried.Add((AdapterFile.Prefix + part.Module + ".base_layer.weight", SlotOf(part.Module)));
            }
        }
    }

    /// <summary>Tensors of the base itself that an adapter brings along (embeddings saved with it) take the place of the base's.</summary>
    private void TakeBaseTensors(AdapterFile file)
    {
        var slots = Base.ParameterSlots.ToDictionary(p => p.Name, StringComparer.Ordinal);
        foreach (var name in file.Left().Where(n => n.StartsWith(AdapterFile.Prefix, StringComparison.Ordinal)))
        {
            var own = name[AdapterFile.Prefix.Length..].Replace(".base_layer.", ".", StringComparison.Ordinal);
            if (slots.TryGetValue(own, out var slot) || (own == "lm_head.weight" && Base.LinearLayers.TryGetValue("lm_head", out var head) && (slot = head.Weight) is not null))
            {
                using var scope = NewDisposeScope();
                slot.Value = file.Get(name, [.. slot.Shape], AdapterRole.Copy).to_type(slot.Value.dtype).to(slot.Value.device);
                carried.Add((name, slot));
            }
        }
    }

    /// <summary>Copies of the tensors that must move and do not begin as zeros.</summary>
    private void RememberStart()
    {
        using var grad = no_grad();
        foreach (var parameter in Parameters.Where(p => MustMove(p.Name) && p.Value.count_nonzero().ToInt64() > 0))
        {
            initial[parameter.Name] = parameter.Value.detach().clone().DetachFromDisposeScope();
        }
    }

    private ModelParameter SlotOf(string module) => Base.LinearLayers.TryGetValue(module, out var linear) ? linear.Weight : Base.EmbeddingLayers[module].Weight;

    private AdapterTensor Copy(string name, ModelParameter parameter, IAdapterSource source, LinearLayer? layer = null)
    {
        using var scope = NewDisposeScope();
        var own = layer is { FrozenProduct: QuantizedWeight weight } ? (layer.Transposed ? weight.Dequantize().t() : weight.Dequantize()) : parameter.Value.detach().to_type(ScalarType.Float32);
        var value = source.Get(AdapterFile.Prefix + name, [.. parameter.Shape], AdapterRole.Copy, own.contiguous().clone());
        return Trained(AdapterFile.Prefix + name, value, parameter.Decays);
    }

    private static AdapterTensor Trained(string name, Tensor value, bool decays) => new(name, value.DetachFromDisposeScope().requires_grad_(true), decays);
}
