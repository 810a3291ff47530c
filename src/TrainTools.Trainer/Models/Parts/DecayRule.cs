using System.Text.RegularExpressions;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>
/// Which parameters weight decay acts on, by the names, as transformers' Trainer.get_decay_parameter_names has it;
/// weights of LayerNorm modules are taken out by their type besides.
/// </summary>
public static partial class DecayRule
{
    /// <summary>Whether a parameter of that name decays (unless it belongs to a LayerNorm).</summary>
    public static bool Decays(string name) => !Spared().IsMatch(name);

    [GeneratedRegex(@"bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Spared();
}
