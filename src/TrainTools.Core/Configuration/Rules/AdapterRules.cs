using System.Text.RegularExpressions;
using TrainTools.Core.Adapters;
using static TrainTools.Core.Configuration.ConfigText;
using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on LoRA and its kin.</summary>
internal static class AdapterRules
{
    private static readonly string[] AdapterSettings = ["lora_r", "lora_alpha", "lora_dropout", "target_modules", "exclude_modules", "modules_to_save", "use_rslora", "use_dora", "loraplus_lr_ratio", "loraplus_lr_embedding", "rank_pattern", "alpha_pattern", "layers_to_transform", "layers_pattern", "init_lora_weights"];

    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "AdapterSettingUnused",
            Title = "Adapter settings belong to an adapter method",
            Settings = ["finetuning_type", .. AdapterSettings],
            Source = Sources.Semantics,
            Levels = "Warning for each adapter setting given with finetuning_type full",
            Why = "Full fine-tuning reads none of them; perhaps lora was meant.",
            Test = c => c.Practice.IsAdapter ? None : AdapterSettings.Where(c.IsGiven).SelectMany(s =>
                Found(Warning, $"{s} is set, and finetuning_type is full: nothing reads it. Was lora meant?", "unset, or finetuning_type lora", [(s, ConfigSchema.Get(s).DefaultValue)], setting: s)),
        },
        new()
        {
            Id = "LoraRank",
            Title = "The rank is in the usual range",
            Settings = ["lora_r"],
            Source = Sources.LoraPractice,
            Levels = "Info below 8 or above 64, Warning above 256 or where the rank is no lower than the model's width",
            Why = "8 to 64 serve most data sets; large ones take up to 256. A low rank can hold little, a high one costs memory and overfits small data.",
            Test = Rank,
        },
        new()
        {
            Id = "LoraAlpha",
            Title = "Alpha fits the rank",
            Settings = ["lora_alpha", "lora_r", "use_rslora"],
            Source = Sources.LoraPractice,
            Levels = "Warning where the scale of the adapters is below 0.25 or above 4; Info outside 1 to 2 (for rsLoRA only the Warning, at 0.25 to 16)",
            Why = "The adapters' output is scaled by alpha / r (rsLoRA: alpha / sqrt(r)). Alpha from r to 2 r keeps the published learning rates valid; another scale acts like another learning rate.",
            Test = Alpha,
        },
        new()
        {
            Id = "LoraDropout",
            Title = "Adapter dropout is moderate",
            Settings = ["lora_dropout"],
            Source = Sources.LoraPractice,
            Levels = "Warning above 0.1 (above 0.3 for classifiers and taggers)",
            Why = "Recipes take 0 to 0.1.",
            Test = c => !c.Practice.IsAdapter || c.Config.Method.LoraDropout <= (c.Practice.IsClassifier ? 0.3 : TuningPractice.LoraDropout.High) ? None : Found(
                Warning, expected: TuningPractice.LoraDropout.ToString(), set: [("lora_dropout", TuningPractice.LoraDropout.Start)]),
        },
        new()
        {
            Id = "TargetModules",
            Title = "The target modules exist in the model",
            Settings = ["target_modules", "exclude_modules", "modules_to_save", "model_name_or_path"],
            Source = "PEFT LoraConfig",
            Levels = "Error where none is found or a module to save is not, Warning where one of several targets or an exception is not",
            Why = "Adapters on layers that do not exist train nothing.",
            Test = c => [.. Targets(c), .. Modules(c)],
        },
        new()
        {
            Id = "LoraPlusRatio",
            Title = "LoRA+'s ratio is in its published range",
            Settings = ["loraplus_lr_ratio"],
            Source = "Hayou et al., LoRA+ (2024)",
            Levels = "Warning below 1 or above 32",
            Why = "The B matrices learn faster than the A matrices, by a factor of about 16 in the paper.",
            Test = c => !c.Practice.IsAdapter || c.Config.Method.LoraplusLrRatio is not { } ratio || ratio is >= 1 and <= 32 ? None : Found(Warning, expected: "2 to 16", set: [("loraplus_lr_ratio", 16.0)]),
        },
        new()
        {
            Id = "QloraSmallModel",
            Title = "Quantising is worth it for this model",
            Settings = ["finetuning_type", "model_name_or_path"],
            Source = Sources.Qlora,
            Levels = "Info below 200 M parameters",
            Why = "Few bits save memory of the frozen weights and cost time and accuracy; a small model's weights take little.",
            Test = c => c.Config.Method.FinetuningType == TrainingMethod.Qlora && c.Practice.IsSmall ? Found(
                Info, Saved(c), "lora", [("finetuning_type", TrainingMethod.Lora)]) : None,
        },
        new()
        {
            Id = "QuantizationBits",
            Title = "The base is quantised in 4 or 8 bits",
            Settings = ["quantization_bit"],
            Source = "bitsandbytes: NF4 and LLM.int8()",
            Levels = "Error where qlora asks for another width",
            Why = "Weights are stored as NF4 (4 bits) or as rows of int8 (8 bits); there is nothing between them.",
            Test = c => c.Config.Method is not { FinetuningType: TrainingMethod.Qlora, QuantizationBit: not (4 or 8) } ? None : Found(
                Error, expected: "4 or 8", set: [("quantization_bit", c.Config.Method.QuantizationBit < 6 ? 4 : 8)]),
        },
        new()
        {
            Id = "AdapterStart",
            Title = "Adapters can begin as they are told to",
            Settings = ["init_lora_weights", "use_dora", "finetuning_type"],
            Source = "PEFT LoraConfig; Meng et al., PiSSA (2024)",
            Levels = "Error for a way that is not known, and for pissa and olora with use_dora or qlora",
            Why = "pissa and olora take a part of the base's weights away, which neither DoRA's magnitudes nor a quantised base allow.",
            Test = Start,
        },
        new()
        {
            Id = "DoraCost",
            Title = "DoRA's price is known",
            Settings = ["use_dora"],
            Source = "Liu et al., DoRA (2024); PEFT's documentation",
            Levels = "Info",
            Why = "DoRA computes the norm of every adapted weight in each pass: markedly slower than LoRA, and worth it mainly at low rank.",
            Test = c => c.Practice.IsAdapter && c.Config.Method.UseDora ? Found(Info, expected: "false for speed", set: [("use_dora", false)]) : None,
        },
    ];

    private static string Saved(RuleContext c)
    {
        var eight = c.Config.Method.QuantizationBit == 8;
        return $"{(eight ? "int8" : "NF4")} saves about {Bytes(c.Facts.Model!.ParameterCount!.Value * (eight ? 3.0 : 3.5))} of a model{c.ModelSize}, and costs time and accuracy.";
    }

    private static IEnumerable<ConfigFinding> Start(RuleContext c)
    {
        var init = c.Config.Method.InitLoraWeights;
        (string, object?)[] plain = [("init_lora_weights", "true")];
        return !c.Practice.IsAdapter ? None
            : !AdapterConfigFile.IsKnownInit(init) ? Found(Error, $"init_lora_weights '{init}' is not known.", "true, false, gaussian, pissa, pissa_niter_16, olora", plain)
            : !AdapterConfigFile.IsFromBase(init) ? None
            : c.Config.Method.FinetuningType == TrainingMethod.Qlora ? Found(Error, $"{init} takes a part of the base's weights away, which a quantised base does not allow.", "true, or finetuning_type lora", plain)
            : c.Config.Method.UseDora ? Found(Error, $"{init} and use_dora exclude each other.", "one of them", plain) : None;
    }

    private static IEnumerable<ConfigFinding> Rank(RuleContext c)
    {
        if (!c.Practice.IsAdapter)
        {
            return None;
        }

        var rank = c.Config.Method.LoraR!.Value;
        var width = c.Facts.Model?.HiddenSize ?? 0;
        var range = TuningPractice.LoraRank;
        return width > 0 && rank >= width ? Found(Warning, $"The rank is {rank} and the model {width} wide: the adapters hold more than the weights they adapt.", range.ToString(), To((int)Math.Max(1, Math.Min(range.Start, width / 4))))
            : rank > 256 ? Found(Warning, $"Rank {rank} is beyond what large data sets have been shown to need.", range.ToString(), To(64))
            : range.Contains(rank) || (width > 0 && rank <= width / 4 && width < 64) ? None
            : Found(Info, rank < range.Low ? $"Rank {rank} holds little; on more than a few thousand records it tends to fall behind." : $"Rank {rank} is for large data sets; on small ones it costs memory and overfits.", range.ToString(), To((int)range.Start));

        // An alpha that was given goes with the rank, else the scale would change.
        (string, object?)[] To(int wanted) => c.Given.Method.LoraAlpha is { } alpha
            ? [("lora_r", wanted), ("lora_alpha", Math.Clamp(Math.Round(alpha * wanted / rank), wanted, 2.0 * wanted))]
            : [("lora_r", wanted)];
    }

    private static IEnumerable<ConfigFinding> Alpha(RuleContext c)
    {
        if (!c.Practice.IsAdapter)
        {
            return None;
        }

        var (method, rank) = (c.Config.Method, c.Config.Method.LoraR!.Value);
        if (rank > 256 || (c.Facts.Model?.HiddenSize is > 0 and var width && rank >= width))
        {
            // The rank must change first, and LoraRank's remedy takes alpha along.
            return None;
        }

        var scale = method.LoraAlpha!.Value / (method.UseRslora ? Math.Sqrt(rank) : rank);
        var (low, high) = (0.25, method.UseRslora ? 16.0 : 4.0);
        var odd = scale < low || scale > high;
        return !odd && (method.UseRslora || scale is >= 1 and <= 2) ? None : Found(
            odd ? Warning : Info,
            $"Alpha {Number(method.LoraAlpha.Value)} with rank {rank} scales the adapters by {scale.ToString(scale < 0.1 ? "G2" : "0.##", System.Globalization.CultureInfo.InvariantCulture)}: that acts like a learning rate {(scale < 1 ? "lower" : "higher")} than the one set.",
            method.UseRslora ? "a scale of 0.25 to 16" : $"{rank} to {2 * rank}",
            [("lora_alpha", method.UseRslora ? rank : 2.0 * rank)]);
    }

    private static IEnumerable<ConfigFinding> Targets(RuleContext c)
    {
        if (!c.Practice.IsAdapter || c.Facts.Model is not { Parameters.Count: > 0 } model)
        {
            return None;
        }

        var layers = Layers(model, p => p.Shape.Count > 1);
        var targets = c.Config.Method.TargetModules;
        var missing = targets.Where(t => t != "all-linear" && !layers.Any(l => TargetModules.Matches(t, targets.Count, l))).ToList();
        if (missing.Count == 0)
        {
            return None;
        }

        var names = model.LinearLayerNames().Concat(model.TiedHead).ToList();
        var meant = targets.Select(t => missing.Contains(t) ? NearestName.Find(t, names) : t).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var norms = Layers(model, p => p.Shape.Count == 1);
        return Found(
            missing.Count == targets.Count ? Error : Warning,
            missing.Exists(m => norms.Exists(l => TargetModules.Matches(m, targets.Count, l)))
                ? $"Adapters go on matrices, and {string.Join(" and ", missing.Select(m => $"'{m}'"))} names none."
                : $"The model has no layer named {string.Join(" or ", missing.Select(m => $"'{m}'"))}; it has {string.Join(", ", names)}.",
            string.Join(", ", names.Prepend("all-linear")),
            [("target_modules", meant.Count > 0 ? SettingList.From(meant) : SettingList.Create(["all-linear"]))],
            evidence: [$"layers: {string.Join(", ", names)}"]);
    }

    // Modules that are excepted or trained in full. A classifier's head may be made anew, so a base lacks it.
    private static IEnumerable<ConfigFinding> Modules(RuleContext c)
    {
        if (!c.Practice.IsAdapter || c.Facts.Model is not { Parameters.Count: > 0 } model)
        {
            yield break;
        }

        var (layers, method) = (Layers(model, _ => true), c.Config.Method);
        foreach (var (setting, given, severity) in new[] { ("exclude_modules", method.ExcludeModules, Warning), ("modules_to_save", method.ModulesToSave, Error) })
        {
            var missing = given.Where(m => !(setting == "modules_to_save" && c.Practice.IsClassifier && m is "score" or "classifier") && !layers.Exists(l => TargetModules.Matches(m, 1, l))).ToList();
            if (missing.Count > 0)
            {
                yield return Found(
                    severity,
                    $"The model has no module named {string.Join(" or ", missing.Select(m => $"'{m}'"))}.",
                    "modules of the model",
                    [(setting, SettingList.From(given.Except(missing)))],
                    setting: setting,
                    evidence: [$"modules: {string.Join(", ", layers.Select(l => l[(l.LastIndexOf('.') + 1)..]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))}"]).Single();
            }
        }
    }

    // A head that shares the embedding's table is no parameter of its own; the trainer unties it for an adapter, or to train it.
    private static List<string> Layers(ModelFacts model, Func<ParameterFacts, bool> which) =>
        [.. model.Parameters.Where(which).Select(p => p.Name.EndsWith(".weight", StringComparison.Ordinal) ? p.Name[..^".weight".Length] : p.Name).Concat(model.TiedHead).Distinct(StringComparer.Ordinal)];
}

/// <summary>How names of target modules are held against layers, as PEFT does.</summary>
internal static class TargetModules
{
    /// <summary>Whether a target means a layer: a list is matched by dotted suffix, a single word that is a pattern as a full regular expression.</summary>
    public static bool Matches(string target, int targets, string layer)
    {
        if (layer == target || layer.EndsWith("." + target, StringComparison.Ordinal))
        {
            return true;
        }

        if (targets != 1 || target.All(ch => char.IsLetterOrDigit(ch) || ch is '_' or '.' or '-'))
        {
            return false;
        }

        try
        {
            return Regex.IsMatch(layer, $"^(?:{target})$", RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(100));
        }
        catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
