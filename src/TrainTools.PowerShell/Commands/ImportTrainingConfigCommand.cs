using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.PowerShell.Commands;

/// <summary>Reads configurations from YAML files. Relative paths in a file are taken from its folder.</summary>
[Cmdlet(VerbsData.Import, "TrainingConfig", DefaultParameterSetName = PathCommandBase.PathSet)]
[OutputType(typeof(TrainingConfig))]
public sealed class ImportTrainingConfigCommand : PathCommandBase
{
    /// <summary>Settings to replace after reading, as <c>name=value</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(Completers.AssignmentCompleter))]
    public string[] Set { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessPath(string path)
    {
        var config = ConfigYaml.Override(ConfigYaml.Read(path), Set);
        ConfigReport.WriteDerived(this, config);
        WriteObject(config);
    }
}
