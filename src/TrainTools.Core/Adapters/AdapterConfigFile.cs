using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;

namespace TrainTools.Core.Adapters;

/// <summary>
/// adapter_config.json of a LoRA adapter as PEFT writes it. The JSON object is kept whole, so that fields that mean nothing
/// here are saved again as they were read. Source: peft 0.20, tuners/lora/config.py.
/// </summary>
public sealed class AdapterConfigFile
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "adapter_config.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string? path;

    private AdapterConfigFile(JsonObject json, string? path)
    {
        Json = json;
        this.path = path;
    }

    /// <summary>The whole object.</summary>
    public JsonObject Json { get; }

    /// <summary>Rank of layers that no pattern names.</summary>
    public int R => Integer("r", 8);

    /// <summary>Numerator of the scale, for layers that no pattern names.</summary>
    public double LoraAlpha => Number("lora_alpha", 8);

    /// <summary>Dropout before A.</summary>
    public double LoraDropout => Number("lora_dropout", 0);

    /// <summary>none, all or lora_only.</summary>
    public string Bias => Text("bias") ?? "none";

    /// <summary>Scale by alpha / sqrt(r).</summary>
    public bool UseRslora => Flag("use_rslora");

    /// <summary>Weight-decomposed: a magnitude a row beside the direction.</summary>
    public bool UseDora => Flag("use_dora");

    /// <summary>Names, a regular expression, all-linear, or null for the architecture's default.</summary>
    public AdapterTargets Targets => AdapterTargets.From(this);

    /// <summary>SEQ_CLS, TOKEN_CLS, CAUSAL_LM or null.</summary>
    public string? TaskType => Text("task_type");

    /// <summary>The base as it was named when the adapter was made.</summary>
    public string? BaseModelNameOrPath => Text("base_model_name_or_path");

    /// <summary>true, false, gaussian, pissa: how A and B begin.</summary>
    public string InitLoraWeights => Json["init_lora_weights"] switch
    {
        JsonValue v when v.TryGetValue<bool>(out var b) => b ? "true" : "false",
        JsonValue v when v.TryGetValue<string>(out var s) => s,
        _ => "true",
    };

    /// <summary>Whether A and B begin as parts of the base's weights, which keep the rest: pissa, pissa_niter_N, olora.</summary>
    public bool TakesFromBase => IsFromBase(InitLoraWeights);

    /// <summary>Whether adapters can begin so: true, false, gaussian, and those that begin as parts of the base's weights.</summary>
    public static bool IsKnownInit(string init) => init is "true" or "false" or "gaussian" || IsFromBase(init);

    /// <summary>Whether adapters that begin so take a part of the base's weights.</summary>
    public static bool IsFromBase(string init) => IsPissa(init) || init == "olora";

    /// <summary>Modules trained in full and saved with the adapter; a classifier's head is added by the task.</summary>
    public IReadOnlyList<string> ModulesToSave
    {
        get
        {
            var names = Strings("modules_to_save") ?? [];
            return TaskType is "SEQ_CLS" or "TOKEN_CLS" ? [.. names.Union(["classifier", "score"])] : names;
        }
    }

    /// <summary>Rank of a layer: the first pattern that names it, else <see cref="R"/>.</summary>
    public int RankOf(string module) => checked((int)Pattern("rank_pattern", module, R));

    /// <summary>Factor of B·A for a layer.</summary>
    public double ScaleOf(string module)
    {
        var rank = RankOf(module);
        var alpha = Pattern("alpha_pattern", module, LoraAlpha);
        return UseRslora ? alpha / Math.Sqrt(rank) : alpha / rank;
    }

    /// <summary>A string list; null where the field is absent or null.</summary>
    public IReadOnlyList<string>? Strings(string field) => Json[field] switch
    {
        JsonArray list => [.. list.Select(i => i is JsonValue v && v.TryGetValue<string>(out var s) ? s : throw Invalid($"'{field}' must be a list of strings"))],
        JsonValue v when v.TryGetValue<string>(out var s) => [s],
        null => null,
        _ => throw Invalid($"'{field}' must be a list of strings"),
    };

    /// <summary>Whole numbers: one or a list; null where the field is absent or null.</summary>
    public IReadOnlyList<int>? Integers(string field) => Json[field] switch
    {
        JsonArray list => [.. list.Select(i => Integer(i, field))],
        null => null,
        var one => [Integer(one, field)],
    };

    /// <summary>A string field.</summary>
    public string? Text(string field) => Json[field] is JsonValue v && v.TryGetValue<string>(out var s) ? s : null;

    /// <summary>Reads a folder's adapter_config.json.</summary>
    /// <exception cref="TrainToolsException">Missing, no JSON, not LoRA, or a field that cannot be used.</exception>
    public static AdapterConfigFile Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            throw new TrainToolsException(
                ErrorIds.AdapterConfigMissing, ErrorKind.NotFound, $"The folder '{folder}' holds no {FileName}, so it is no adapter.",
                "Give the folder that PEFT or Start-FineTune saved the adapter in, with both of its files.", path);
        }

        JsonObject json;
        try
        {
            json = JsonNode.Parse(File.ReadAllText(path), documentOptions: new JsonDocumentOptions { MaxDepth = 64 }) as JsonObject
                ?? throw new JsonException("it holds no JSON object");
        }
        catch (JsonException e)
        {
            throw new TrainToolsException(ErrorIds.AdapterConfigInvalid, ErrorKind.InvalidData, $"'{path}' cannot be read: {e.Message}", "Save the adapter again.", path, e);
        }

        var file = new AdapterConfigFile(json, path);
        file.Check();
        return file;
    }

    /// <summary>A new config with every field that PEFT writes.</summary>
    public static AdapterConfigFile Create(AdapterSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var json = new JsonObject
        {
            ["alora_invocation_tokens"] = null,
            ["alpha_pattern"] = Map(settings.AlphaPattern),
            ["arrow_config"] = null,
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = settings.BaseModelNameOrPath,
            ["bias"] = settings.Bias,
            ["corda_config"] = null,
            ["ensure_weight_tying"] = false,
            ["eva_config"] = null,
            ["exclude_modules"] = List(settings.ExcludeModules),
            ["fan_in_fan_out"] = settings.FanInFanOut,
            ["inference_mode"] = true,
            ["init_lora_weights"] = settings.InitLoraWeights switch { "true" => true, "false" => false, var other => other },
            ["layer_replication"] = null,
            ["layers_pattern"] = List(settings.LayersPattern),
            ["layers_to_transform"] = settings.LayersToTransform is null ? null : new JsonArray([.. settings.LayersToTransform.Select(i => (JsonNode)i)]),
            ["loftq_config"] = new JsonObject(),
            ["lora_alpha"] = Whole(settings.Alpha),
            ["lora_bias"] = false,
            ["lora_dropout"] = settings.Dropout,
            ["lora_ga_config"] = null,
            ["megatron_config"] = null,
            ["megatron_core"] = "megatron.core",
            ["modules_to_save"] = List(settings.ModulesToSave),
            ["monteclora_config"] = null,
            ["peft_type"] = "LORA",
            ["peft_version"] = "0.20.0",
            ["qalora_group_size"] = 16,
            ["r"] = settings.Rank,
            ["rank_pattern"] = Map(settings.RankPattern),
            ["revision"] = null,
            ["target_modules"] = settings.TargetRegex is not null ? settings.TargetRegex : List(settings.TargetModules),
            ["target_parameters"] = null,
            ["task_type"] = settings.TaskType,
            ["trainable_token_indices"] = null,
            ["use_bdlora"] = null,
            ["use_dora"] = settings.UseDora,
            ["use_qalora"] = false,
            ["use_rslora"] = settings.UseRslora,
            ["velora_config"] = null,
        };
        var file = new AdapterConfigFile(json, null);
        file.Check();
        return file;
    }

    /// <summary>Refuses a start that cannot be made here.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.AdapterConfigInvalid"/>.</exception>
    public void RefuseUnknownInit()
    {
        if (!IsKnownInit(InitLoraWeights))
        {
            throw Invalid($"init_lora_weights '{InitLoraWeights}' is not known", "Use true, gaussian, pissa, pissa_niter_16 or olora.");
        }

        if (TakesFromBase && UseDora)
        {
            throw Invalid($"init_lora_weights {InitLoraWeights} and use_dora exclude each other", "Use one of them.");
        }
    }

    /// <summary>Refuses a saved adapter whose base is not the one on disk, and cannot be made of it.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.AdapterTypeUnsupported"/>.</exception>
    public void RefuseLostInit()
    {
        if (InitLoraWeights.StartsWith("pissa_niter_", StringComparison.Ordinal) || InitLoraWeights is "corda" or "loftq" or "lora_ga")
        {
            throw new TrainToolsException(
                ErrorIds.AdapterTypeUnsupported, ErrorKind.NotSupported,
                $"{Where()} was made with init_lora_weights '{InitLoraWeights}', which changed the base in a way that cannot be repeated.",
                "Save the adapter again with path_initial_model_for_weight_conversion, which makes it fit the base as it was.", path);
        }
    }

    /// <summary>The config of the plain adapter of twice the rank that stands for one that took a part of its base.</summary>
    public AdapterConfigFile WithDoubledRank()
    {
        var json = (JsonObject)Json.DeepClone();
        var alpha = UseRslora ? Math.Sqrt(2) : 2;
        json["r"] = 2 * R;
        json["lora_alpha"] = Whole(alpha * LoraAlpha);
        json["init_lora_weights"] = true;
        foreach (var (field, factor) in new[] { ("rank_pattern", 2), ("alpha_pattern", alpha) })
        {
            json[field] = new JsonObject((Json[field] as JsonObject ?? []).Select(p => KeyValuePair.Create<string, JsonNode?>(
                p.Key, Whole(factor * (AsNumber(p.Value) ?? throw Invalid($"'{field}' must map names to numbers"))))));
        }

        return new AdapterConfigFile(json, path);
    }

    /// <summary>Writes the file: keys sorted, two spaces, as PEFT does.</summary>
    public void Write(string folder)
    {
        var sorted = new JsonObject(Json.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
        AtomicFile.WriteText(Path.Combine(folder, FileName), sorted.ToJsonString(Indented));
    }

    private void Check()
    {
        var type = Text("peft_type");
        if (!string.Equals(type, "LORA", StringComparison.OrdinalIgnoreCase))
        {
            throw new TrainToolsException(
                ErrorIds.AdapterTypeUnsupported, ErrorKind.NotSupported, $"{Where()} has peft_type '{type}'; only LORA is supported.",
                "Merge the adapter into its base with the tool that made it, and use the merged model.", path);
        }

        if (R <= 0 || (Json["rank_pattern"] as JsonObject ?? []).Any(p => Integer(p.Value, "rank_pattern") <= 0))
        {
            throw Invalid("the rank 'r' and every rank in 'rank_pattern' must be 1 or more", path is null ? "Set lora_r to 8, 16 or 32." : "The file is damaged or was edited: save the adapter again, with the rank that its tensors have.");
        }

        if (LoraDropout is < 0 or >= 1)
        {
            throw Invalid("'lora_dropout' must be at least 0 and below 1");
        }

        if (Bias is not ("none" or "all" or "lora_only"))
        {
            throw Invalid("'bias' must be none, all or lora_only");
        }

        foreach (var field in new[] { "layer_replication", "trainable_token_indices", "target_parameters", "alora_invocation_tokens", "use_bdlora" })
        {
            if (Json[field] is not null and not JsonArray { Count: 0 } and not JsonObject { Count: 0 })
            {
                throw new TrainToolsException(
                    ErrorIds.AdapterTypeUnsupported, ErrorKind.NotSupported, $"{Where()} uses '{field}', which changes the model in a way that is not supported.",
                    "Merge the adapter into its base with the tool that made it, and use the merged model.", path);
            }
        }

        if (Flag("lora_bias") || Flag("use_qalora"))
        {
            throw new TrainToolsException(
                ErrorIds.AdapterTypeUnsupported, ErrorKind.NotSupported, $"{Where()} uses {(Flag("lora_bias") ? "'lora_bias'" : "'use_qalora'")}, which is not supported.",
                "Merge the adapter into its base with the tool that made it, and use the merged model.", path);
        }
    }

    private static bool IsPissa(string init) => init == "pissa"
        || (init.StartsWith("pissa_niter_", StringComparison.Ordinal) && int.TryParse(init["pissa_niter_".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out _));

    private double Pattern(string field, string module, double otherwise)
    {
        foreach (var (pattern, value) in Json[field] as JsonObject ?? [])
        {
            if (AdapterTargets.EndsWith(module, pattern))
            {
                return AsNumber(value) ?? throw Invalid($"'{field}' must map names to numbers");
            }
        }

        return otherwise;
    }

    private string Where() => path is null ? "The adapter config" : $"'{path}'";

    private bool Flag(string field) => Json[field] is JsonValue v && v.TryGetValue<bool>(out var b) && b;

    private int Integer(string field, int otherwise) => Json[field] is { } node ? Integer(node, field) : otherwise;

    private int Integer(JsonNode? node, string field) => AsNumber(node) is { } n && n == Math.Floor(n) && Math.Abs(n) < int.MaxValue
        ? (int)n : throw Invalid($"'{field}' must be a whole number");

    private double Number(string field, double otherwise) =>
        Json[field] is { } node ? AsNumber(node) ?? throw Invalid($"'{field}' must be a number") : otherwise;

    // Through the text: a number made in memory answers only to its own type.
    private static double? AsNumber(JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number
        && double.TryParse(node.ToJsonString(), CultureInfo.InvariantCulture, out var n) && double.IsFinite(n) ? n : null;

    private TrainToolsException Invalid(string what, string? remedy = null) => new(
        ErrorIds.AdapterConfigInvalid, ErrorKind.InvalidData, $"{Where()}: {what}.", remedy ?? "Correct the field, or save the adapter again.", path);

    private static JsonNode Whole(double value) => value == Math.Floor(value) ? (JsonNode)(long)value : value;

    private static JsonArray? List(IReadOnlyList<string>? names) =>
        names is null or { Count: 0 } ? null : new JsonArray([.. names.Order(StringComparer.Ordinal).Select(n => (JsonNode)n)]);

    private static JsonObject Map(IReadOnlyDictionary<string, double>? map) =>
        new((map ?? new Dictionary<string, double>()).Select(p => KeyValuePair.Create<string, JsonNode?>(p.Key, Whole(p.Value))));
}

/// <summary>What a new adapter is made with.</summary>
public sealed record AdapterSettings
{
    /// <summary>Rank.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>Numerator of the scale.</summary>
    public double Alpha { get; init; } = 8;

    /// <summary>Dropout before A.</summary>
    public double Dropout { get; init; }

    /// <summary>none, all or lora_only.</summary>
    public string Bias { get; init; } = "none";

    /// <summary>Names of layers; null = the architecture's default, unless <see cref="TargetRegex"/> is given.</summary>
    public IReadOnlyList<string>? TargetModules { get; init; }

    /// <summary>A regular expression over whole module names, or all-linear.</summary>
    public string? TargetRegex { get; init; }

    /// <summary>Layers left out.</summary>
    public IReadOnlyList<string>? ExcludeModules { get; init; }

    /// <summary>Modules trained in full.</summary>
    public IReadOnlyList<string>? ModulesToSave { get; init; }

    /// <summary>Numbers of the layers that get adapters; null = all.</summary>
    public IReadOnlyList<int>? LayersToTransform { get; init; }

    /// <summary>Name of the list of layers, where the default pattern does not find it.</summary>
    public IReadOnlyList<string>? LayersPattern { get; init; }

    /// <summary>Ranks by layer name.</summary>
    public IReadOnlyDictionary<string, double>? RankPattern { get; init; }

    /// <summary>Alphas by layer name.</summary>
    public IReadOnlyDictionary<string, double>? AlphaPattern { get; init; }

    /// <summary>Scale by alpha / sqrt(r).</summary>
    public bool UseRslora { get; init; }

    /// <summary>Weight-decomposed.</summary>
    public bool UseDora { get; init; }

    /// <summary>true (Kaiming), false, gaussian, pissa, pissa_niter_N or olora.</summary>
    public string InitLoraWeights { get; init; } = "true";

    /// <summary>Whether the base stores its weights [in, out] (GPT-2).</summary>
    public bool FanInFanOut { get; init; }

    /// <summary>CAUSAL_LM, SEQ_CLS, TOKEN_CLS.</summary>
    public string? TaskType { get; init; }

    /// <summary>The base's folder or name.</summary>
    public string? BaseModelNameOrPath { get; init; }
}
