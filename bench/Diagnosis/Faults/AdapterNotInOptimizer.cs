using System.Text.RegularExpressions;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>LoRA parameters that the optimizer was not given.</summary>
internal sealed partial class AdapterNotInOptimizer : Fault
{
    public override string Name => "lora-not-in-optimizer";

    public override IReadOnlyList<string> Causes => [CauseIds.NotInOptimizer, CauseIds.ParametersFrozen];

    public override bool Fits(Setting setting) => setting.Method == TrainingMethod.Lora;

    public override void Inject(Injection run)
    {
        run.BrokenInvariant = "every adapter is in the optimizer";
        run.NotInOptimizer = run.Severity switch
        {
            1 => name => name.Contains("layers.0.", StringComparison.Ordinal),
            2 => name => name.Contains("lora_B", StringComparison.Ordinal),
            _ => name => !OneQuery().IsMatch(name),
        };
    }

    // Families that compute queries, keys and values at once have no q_proj.
    [GeneratedRegex(@"\.1\.(self_attn|attention|attn)\.(q|c_attn)")]
    private static partial Regex OneQuery();
}
