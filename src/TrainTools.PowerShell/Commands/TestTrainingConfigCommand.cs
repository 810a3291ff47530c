using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.PowerShell.Completers;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Checks configurations against the rules before anything is started. Gives the findings; with -Quiet whether there is
/// no Error; with -PassThru the configuration itself if there is none; with -Fix a configuration with the remedies applied;
/// with -Forecast what the run will need instead.
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "TrainingConfig", DefaultParameterSetName = FindingSet)]
[OutputType(typeof(ConfigFinding), ParameterSetName = [FindingSet])]
[OutputType(typeof(bool), ParameterSetName = [QuietSet])]
[OutputType(typeof(TrainingConfig), ParameterSetName = [PassThruSet, FixSet])]
[OutputType(typeof(RunForecast), ParameterSetName = [ForecastSet])]
public sealed class TestTrainingConfigCommand : CommandBase
{
    private const string FindingSet = "Finding";
    private const string QuietSet = "Quiet";
    private const string PassThruSet = "PassThru";
    private const string FixSet = "Fix";
    private const string ForecastSet = "Forecast";

    /// <summary>The configuration.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public TrainingConfig? InputObject { get; set; }

    /// <summary>Ids of the rules to run; wildcards are allowed. All if absent.</summary>
    [Parameter(ParameterSetName = FindingSet)]
    [Parameter(ParameterSetName = QuietSet)]
    [Parameter(ParameterSetName = PassThruSet)]
    [Parameter(ParameterSetName = FixSet)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RuleCompleter))]
    public string[] Rule { get; set; } = [];

    /// <summary>Ids of the rules to leave out; wildcards are allowed.</summary>
    [Parameter(ParameterSetName = FindingSet)]
    [Parameter(ParameterSetName = QuietSet)]
    [Parameter(ParameterSetName = PassThruSet)]
    [Parameter(ParameterSetName = FixSet)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RuleCompleter))]
    public string[] ExcludeRule { get; set; } = [];

    /// <summary>Only say whether there is no Error.</summary>
    [Parameter(Mandatory = true, ParameterSetName = QuietSet)]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Hand the configuration on if there is no Error; Warnings go to the warning stream.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PassThruSet)]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Give a configuration with the remedies of Warnings and Errors applied, where they are settings; what remains goes to the warning stream.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FixSet)]
    public SwitchParameter Fix { get; set; }

    /// <summary>Say what the run will need: parameters, steps, tokens, memory by part, disk, and time where runs like it have been measured.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ForecastSet)]
    public SwitchParameter Forecast { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        var config = InputObject!;
        if (Forecast)
        {
            WriteObject(RunForecaster.Create(config));
            return;
        }

        var options = new ConfigCheckOptions { Rules = Rule, ExcludeRules = ExcludeRule };
        if (Fix)
        {
            WriteFixed(config, options);
            return;
        }

        var findings = ConfigChecker.Check(config, options);
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

    private void WriteFixed(TrainingConfig config, ConfigCheckOptions options)
    {
        var result = ConfigChecker.FixAll(config, options);
        foreach (var finding in result.Applied)
        {
            WriteVerbose($"{finding.RuleId}: {string.Join(", ", finding.Changes)}: {finding.Why}");
        }

        ConfigGate.WriteWarnings(this, result.Remaining, errors: true);
        WriteObject(result.Config);
    }
}
