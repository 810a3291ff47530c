using System.Management.Automation;
using TrainTools.Core.Data;
using TrainTools.Core.Data.Writing;
using TrainTools.Core.Errors;
using TrainTools.PowerShell.Transforms;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Writes records to a file, in their order, whole or not at all: until the last record has come nothing stands under the
/// file's name. The layout follows the name's ending (.jsonl, .json, .csv, .tsv, .parquet, .conll, .txt; .gz and .zst behind it compress).
/// </summary>
[Cmdlet(VerbsData.Export, "TrainingDataset", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(FileInfo))]
public sealed class ExportTrainingDatasetCommand : CommandBase
{
    // Core's enums are kept boxed: a field of such a type would make the runtime ask for Core before the module can answer.
    private Enum? _fileFormat;

    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private DatasetWriter? _writer;

    /// <summary>The records, or objects and tables with the fields of one (Import-Csv).</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [Record]
    [ValidateNotNull]
    public TrainingRecord? InputObject { get; set; }

    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>The file to write, its name taken as it is.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string LiteralPath { get; set; } = string.Empty;

    /// <summary>Layout; Auto = by the name's ending.</summary>
    [Parameter]
    [FieldSpelling]
    public DatasetFileFormat FileFormat
    {
        get => _fileFormat is DatasetFileFormat given ? given : default;
        set => _fileFormat = value;
    }

    /// <summary>Field for plain text.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string TextField { get; set; } = "text";

    /// <summary>Field for the prompt.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string PromptField { get; set; } = "prompt";

    /// <summary>Field for the completion.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string CompletionField { get; set; } = "completion";

    /// <summary>Field for the conversation.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string MessagesField { get; set; } = "messages";

    /// <summary>Field for the label.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string LabelField { get; set; } = "label";

    /// <summary>Write over a file that exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Give the file to the pipeline.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void Begin()
    {
        var path = PathHelper.ResolveNew(this, ParameterSetName == LiteralPathSet ? LiteralPath : Path);
        if (File.Exists(path) && !Force)
        {
            throw new TrainToolsException(ErrorIds.FileExists, ErrorKind.AlreadyExists, $"The file {path} exists already.", "Choose another name, or write over it with -Force.", path);
        }

        if (ShouldProcess(path, "Write the records"))
        {
            _writer = new DatasetWriter(path, new DatasetWriterOptions
            {
                FileFormat = FileFormat,
                TextField = TextField,
                PromptField = PromptField,
                CompletionField = CompletionField,
                MessagesField = MessagesField,
                LabelField = LabelField,
            });
        }
    }

    /// <inheritdoc/>
    protected override void Process()
    {
        try
        {
            _writer?.Write(InputObject!);
        }
        catch (TrainToolsException e)
        {
            // What is missing in the middle cannot be mended later: nothing is written at all.
            _writer?.Dispose();
            ThrowTerminatingError(ErrorRecords.From(e));
        }
    }

    /// <inheritdoc/>
    protected override void End()
    {
        if (_writer is null)
        {
            return;
        }

        if (_writer.Count == 0)
        {
            WriteWarning("No record came down the pipeline: the file is empty.");
        }

        var file = _writer.Complete();
        if (PassThru)
        {
            WriteObject(file);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _writer?.Dispose();
        }

        base.Dispose(disposing);
    }
}
