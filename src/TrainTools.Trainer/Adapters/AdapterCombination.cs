using TorchSharp;
using TrainTools.Core.Adapters;
using TrainTools.Core.Errors;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// Several adapters of one base as one: Σ w · scale · B·A, exactly, by laying their A below and their B beside each other
/// (PEFT's combination type cat, of the sum of the ranks), or that sum's best approximation of a given rank (svd).
/// </summary>
internal static class AdapterCombination
{
    /// <summary>Makes the combined adapter on a base.</summary>
    /// <param name="model">The base, without an adapter.</param>
    /// <param name="adapters">Folders and weights.</param>
    /// <param name="rank">Rank of the result; null = exact.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.AdapterMergeUnsupported"/>, or as <see cref="AdapterModel.Load"/>.</exception>
    public static AdapterModel Create(PretrainedModel model, IReadOnlyList<(string Folder, double Weight)> adapters, int? rank)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var configs = adapters.Select(a => AdapterConfigFile.Read(a.Folder)).ToList();
        for (var i = 0; i < configs.Count; i++)
        {
            RefuseUnmixable(configs[i], adapters[i].Folder);
        }

        var pieces = new Dictionary<string, List<(Tensor A, Tensor B)>>(StringComparer.Ordinal);
        foreach (var (folder, weight) in adapters)
        {
            using var one = AdapterModel.Load(model, folder);
            foreach (var part in one.Parts)
            {
                var (a, b, scale) = part switch
                {
                    LoraLinear linear => (linear.A.Value, linear.B.Value, linear.Scale),
                    LoraEmbedding embedding => (embedding.A.Value, embedding.B.Value, embedding.Scale),
                    _ => throw Unmixable(folder, "modules_to_save"),
                };
                if (!pieces.TryGetValue(part.Module, out var list))
                {
                    pieces.Add(part.Module, list = []);
                }

                list.Add((a.mul(weight * scale), b.clone()));
            }
        }

        var whole = pieces.ToDictionary(p => p.Key, p => (A: cat(p.Value.Select(x => x.A).ToArray(), 0), B: cat(p.Value.Select(x => x.B).ToArray(), 1)), StringComparer.Ordinal);
        if (rank is { } wanted)
        {
            whole = whole.ToDictionary(p => p.Key, p => Truncate(p.Value.A, p.Value.B, wanted), StringComparer.Ordinal);
        }

        var size = rank ?? (int)whole.Values.Max(p => p.A.shape[0]);
        var config = AdapterConfigFile.Create(new AdapterSettings
        {
            Rank = size,
            Alpha = size,
            TargetModules = [.. whole.Keys],
            FanInFanOut = model.LinearLayers.Values.Any(l => l.Transposed),
            TaskType = configs[0].TaskType,
            BaseModelNameOrPath = configs[0].BaseModelNameOrPath,
        });
        return AdapterModel.From(model, config, new Source(whole, size));
    }

    private static void RefuseUnmixable(AdapterConfigFile config, string folder)
    {
        var reason = config.UseDora ? "use_dora: magnitudes cannot be added up"
            : config.ModulesToSave.Count > 0 ? $"modules_to_save ({string.Join(", ", config.ModulesToSave)}): whole weights cannot be added up"
            : config.Bias != "none" ? $"bias {config.Bias}: trained biases cannot be added up"
            : config.TakesFromBase ? $"init_lora_weights {config.InitLoraWeights}: it belongs to a changed base" : null;
        if (reason is not null)
        {
            throw Unmixable(folder, reason);
        }
    }

    private static TrainToolsException Unmixable(string folder, string reason) => new(
        ErrorIds.AdapterMergeUnsupported, ErrorKind.NotSupported, $"The adapter '{folder}' cannot be combined with others: it has {reason}.",
        "Export it alone.", folder);

    /// <summary>The best rank-r approximation of B·A, from QR decompositions of the thin factors.</summary>
    private static (Tensor A, Tensor B) Truncate(Tensor a, Tensor b, int rank)
    {
        var (qb, rb) = linalg.qr(b);
        var (qa, ra) = linalg.qr(a.t());
        var (u, s, v) = linalg.svd(rb.mm(ra.t()), fullMatrices: false);
        var kept = Math.Min(rank, s.shape[0]);
        var left = qb.mm(u.narrow(1, 0, kept)).mul(s.narrow(0, 0, kept));
        return (v.narrow(0, 0, kept).mm(qa.t()), left);
    }

    /// <summary>The combined tensors, with zeros up to the common rank, as PEFT pads them.</summary>
    private sealed class Source(IReadOnlyDictionary<string, (Tensor A, Tensor B)> whole, int rank) : IAdapterSource
    {
        public Tensor Get(string name, long[] shape, AdapterRole role, Tensor? first = null)
        {
            var module = name[AdapterFile.Prefix.Length..name.LastIndexOf(".lora_", StringComparison.Ordinal)];
            var (a, b) = whole[module];
            var isA = role is AdapterRole.A or AdapterRole.EmbeddingA;
            var value = isA ? a : b;
            var missing = rank - value.shape[isA ? 0 : 1];
            using var scope = NewDisposeScope();
            return (missing == 0 ? value.contiguous().clone() : cat([value, zeros(isA ? [missing, value.shape[1]] : [value.shape[0], missing])], isA ? 0 : 1))
                .MoveToOuterDisposeScope();
        }
    }
}
