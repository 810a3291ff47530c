using System.Management.Automation;
using System.Text;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;

namespace TrainTools.PowerShell.Commands;

/// <summary>Writes a configuration to a YAML file that reads back equal, or the JSON Schema of such files.</summary>
[Cmdlet(VerbsData.Export, "TrainingConfig", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(FileInfo))]
public sealed class ExportTrainingConfigCommand : CommandBase
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string SchemaSet = "Schema";
    private const string LiteralSchemaSet = "LiteralSchema";

    /// <summary>The configuration.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = LiteralPathSet)]
    [ValidateNotNull]
    public TrainingConfig? InputObject { get; set; }

    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = SchemaSet)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>The file to write, taken as it is.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet)]
    [Parameter(Mandatory = true, ParameterSetName = LiteralSchemaSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string LiteralPath { get; set; } = string.Empty;

    /// <summary>Write the JSON Schema of configuration files instead, for editors that complete and check by one.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SchemaSet)]
    [Parameter(Mandatory = true, ParameterSetName = LiteralSchemaSet)]
    public SwitchParameter Schema { get; set; }

    /// <summary>Write out what the run would derive, each with a comment that says from what.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    public SwitchParameter Resolve { get; set; }

    /// <summary>A comment on each setting.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    public SwitchParameter Description { get; set; }

    /// <summary>Write over a file that exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Give the file to the pipeline.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        var path = PathHelper.ResolveNew(this, ParameterSetName is LiteralPathSet or LiteralSchemaSet ? LiteralPath : Path);
        if (File.Exists(path) && !Force)
        {
            throw new TrainToolsException(ErrorIds.FileExists, ErrorKind.AlreadyExists, $"The file {path} exists already.", "Choose another name, or write over it with -Force.", path);
        }

        if (!ShouldProcess(path, Schema ? "Write the JSON Schema" : "Write the configuration"))
        {
            return;
        }

        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        AtomicFile.WriteText(path, Schema ? ConfigJsonSchema.Write() : Yaml(InputObject!));
        if (PassThru)
        {
            WriteObject(new FileInfo(path));
        }
    }

    private string Yaml(TrainingConfig config)
    {
        var options = new ConfigYamlOptions { Descriptions = Description };
        if (Resolve)
        {
            var resolved = ConfigResolver.Resolve(config, ConfigFacts.Gather(config));
            (config, options) = (resolved.Config, options with { Derived = resolved.Derived });
        }

        return ConfigYaml.Write(config, options);
    }
}
