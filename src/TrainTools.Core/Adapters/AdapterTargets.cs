using System.Globalization;
using System.Text.RegularExpressions;

namespace TrainTools.Core.Adapters;

/// <summary>
/// Which layers get adapters, by PEFT's rules: a list names layers by suffix on a dotted border, a string is a regular
/// expression over the whole name, all-linear means every linear layer but the output head. Source: peft 0.20,
/// tuners/tuners_utils.py.
/// </summary>
public sealed class AdapterTargets
{
    /// <summary>The word that means every linear layer.</summary>
    public const string AllLinear = "all-linear";

    // Patterns come with adapters from anywhere: a runaway expression is stopped.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly Dictionary<string, string[]> Defaults = new(StringComparer.Ordinal)
    {
        ["llama"] = ["q_proj", "v_proj"],
        ["mistral"] = ["q_proj", "v_proj"],
        ["qwen2"] = ["q_proj", "v_proj"],
        ["qwen3"] = ["q_proj", "v_proj"],
        ["gemma2"] = ["q_proj", "v_proj"],
        ["gemma3_text"] = ["q_proj", "v_proj"],
        ["olmo2"] = ["q_proj", "v_proj"],
        ["smollm3"] = ["q_proj", "v_proj"],
        ["phi3"] = ["qkv_proj"],
        ["gpt2"] = ["c_attn"],
        ["gpt_neox"] = ["query_key_value"],
        ["bert"] = ["query", "value"],
        ["roberta"] = ["query", "value"],
        ["distilbert"] = ["q_lin", "v_lin"],
    };

    private readonly IReadOnlyList<string> names;
    private readonly string? regex;
    private readonly IReadOnlyList<string> excluded;
    private readonly bool excludedIsRegex;
    private readonly IReadOnlyList<int>? layers;
    private readonly IReadOnlyList<string> layersPattern;

    private AdapterTargets(AdapterConfigFile config)
    {
        var targets = config.Json["target_modules"];
        var text = config.Text("target_modules");
        IsAllLinear = string.Equals(text, AllLinear, StringComparison.OrdinalIgnoreCase);
        regex = IsAllLinear ? null : text;
        names = text is null ? config.Strings("target_modules") ?? [] : [];
        IsDefault = targets is null;
        excludedIsRegex = config.Text("exclude_modules") is not null;
        excluded = config.Strings("exclude_modules") ?? [];
        layers = config.Integers("layers_to_transform") is { Count: > 0 } given ? given : null;
        layersPattern = config.Strings("layers_pattern") ?? [];
    }

    /// <summary>Every linear layer but the head.</summary>
    public bool IsAllLinear { get; }

    /// <summary>No target was given: the architecture's default.</summary>
    public bool IsDefault { get; }

    /// <summary>Reads the fields of a config.</summary>
    public static AdapterTargets From(AdapterConfigFile config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new AdapterTargets(config);
    }

    /// <summary>
    /// PEFT's default targets of an architecture; those that PEFT has none for (phi3, olmo2, smollm3, distilbert) get the
    /// layers of the same role. Null for an unknown one.
    /// </summary>
    public static IReadOnlyList<string>? DefaultFor(string modelType) => Defaults.GetValueOrDefault(modelType);

    /// <summary>The layers that get adapters, in the order given.</summary>
    /// <param name="linear">Names of the linear layers.</param>
    /// <param name="embeddings">Names of the embeddings (never part of all-linear).</param>
    /// <param name="heads">Output layers, which all-linear leaves out.</param>
    /// <param name="modelType">Architecture, for the default.</param>
    public IReadOnlyList<string> Select(IEnumerable<string> linear, IEnumerable<string> embeddings, IReadOnlySet<string> heads, string modelType)
    {
        ArgumentNullException.ThrowIfNull(heads);
        if (IsAllLinear)
        {
            return [.. linear.Where(n => !heads.Contains(n) && !IsExcluded(n))];
        }

        var wanted = IsDefault ? DefaultFor(modelType) ?? [] : names;
        return [.. linear.Concat(embeddings).Where(n => Matches(n, wanted))];
    }

    /// <summary>Whether a module name ends with a pattern on a dotted border.</summary>
    internal static bool EndsWith(string module, string pattern) => IsMatch(module, $@"^(.*\.)?({pattern})$");

    private static bool IsMatch(string text, string pattern) => Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, Patience);

    private bool IsExcluded(string name) => excludedIsRegex
        ? IsMatch(name, $"^(?:{excluded[0]})$")
        : excluded.Any(x => name == x || name.EndsWith("." + x, StringComparison.Ordinal));

    private bool Matches(string name, IReadOnlyList<string> wanted)
    {
        if (IsExcluded(name))
        {
            return false;
        }

        if (regex is not null)
        {
            return IsMatch(name, $"^(?:{regex})$");
        }

        if (wanted.Contains(name, StringComparer.Ordinal))
        {
            return true;
        }

        return wanted.Any(t => name.EndsWith("." + t, StringComparison.Ordinal)) && IsChosenLayer(name);
    }

    private bool IsChosenLayer(string name)
    {
        if (layers is null)
        {
            return true;
        }

        var patterns = layersPattern.Count == 0 ? [@"[^.]*"] : layersPattern;
        foreach (var pattern in patterns)
        {
            var match = Regex.Match(name, $@"^.*?\.{pattern}\.(\d+)\.", RegexOptions.CultureInvariant, Patience);
            if (match.Success)
            {
                return layers.Contains(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
            }
        }

        return false;
    }
}
