using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.PowerShell.Completers;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Checks configurations against the rules before anything is started. Gives the findings; with -Quiet whether there is
/// no Error; with -PassThru the configuration itself if there is none.
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "TrainingConfig", DefaultParameterSetName = FindingSet)]
[OutputType(typeof(ConfigFinding), ParameterSetName = [FindingSet])]
[OutputType(typeof(bool), ParameterSetName = [QuietSet])]
[OutputType(typeof(TrainingConfig), ParameterSetName = [PassThruSet])]
public sealed class TestTrainingConfigCommand : CommandBase
{
    private const string FindingSet = "Finding";
    private const string QuietSet = "Quiet";
    private const string PassThruSet = "PassThru";

    /// <summary>The configuration.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public TrainingConfig? InputObject { get; set; }

    /// <summary>Ids of the rules to run; wildcards are allowed. All if absent.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RuleCompleter))]
    public string[] Rule { get; set; } = [];

    /// <summary>Ids of the rules to leave out; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RuleCompleter))]
    public string[] ExcludeRule { get; set; } = [];

    /// <summary>Only say whether there is no Error.</summary>
    [Parameter(Mandatory = true, ParameterSetName = QuietSet)]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Hand the configuration on if there is no Error; Warnings go to the warning stream.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PassThruSet)]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        var config = InputObject!;
        var findings = ConfigChecker.Check(config, new ConfigCheckOptions { Rules = Rule, ExcludeRules = ExcludeRule });
        if (Quiet)
        {
            WriteObject(ConfigChecker.IsUsable(findings));
        }
        else if (PassThru)
        {
            ConfigGate.WriteWarnings(this, findings);
            ConfigGate.ThrowIfUnusable(findings);
            WriteObject(config);
        }
        else
        {
            WriteObject(findings, enumerateCollection: true);
        }
    }
}
