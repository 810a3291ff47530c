using System.Management.Automation;
using TrainTools.Core.Configuration;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Reads configurations from YAML files, and from the argument files of transformers, TRL, Axolotl and LLaMA-Factory.
/// Relative paths in a file are taken from its folder. What another tool's file says and a configuration cannot is a
/// warning each; the rest of what is not the same is on the verbose stream, and all of it in the output of -Detailed.
/// </summary>
[Cmdlet(VerbsData.Import, "TrainingConfig", DefaultParameterSetName = PathCommandBase.PathSet)]
[OutputType(typeof(TrainingConfig), typeof(ImportedConfig))]
public sealed class ImportTrainingConfigCommand : PathCommandBase
{
    /// <summary>Settings to replace after reading, as <c>name=value</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(Completers.AssignmentCompleter))]
    public string[] Set { get; set; } = [];

    /// <summary>Whose files they are; Auto finds out by their keys.</summary>
    [Parameter]
    [ValidateSet("Auto", "TrainTools", "Transformers", "Axolotl", "LlamaFactory")]
    public string Format { get; set; } = "Auto";

    /// <summary>Give the configuration together with whose file it was and the list of arguments without an exact counterpart.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override void ProcessPath(string path)
    {
        var imported = ConfigImporter.Read(path, Enum.Parse<ArgumentFormat>(Format, ignoreCase: true));
        foreach (var note in imported.Notes)
        {
            if (note.Outcome == ImportOutcome.NotMapped)
            {
                WriteWarning($"{path}, line {note.Line}: {note.Key} ({note.Value}) is not taken over: {note.Reason}.");
            }
            else
            {
                WriteVerbose(note.ToString());
            }
        }

        var config = ConfigValues.Override(this, imported.Config, Set);
        ConfigReport.WriteDerived(this, config);
        WriteObject(Detailed ? imported with { Config = config } : config);
    }
}
