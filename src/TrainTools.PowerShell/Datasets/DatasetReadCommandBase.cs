using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.PowerShell.Completers;
using TrainTools.PowerShell.Transforms;

namespace TrainTools.PowerShell.Datasets;

/// <summary>A cmdlet that reads data files: where they are, how they are laid out, which fields mean what.</summary>
public abstract class DatasetReadCommandBase : CommandBase
{
    // Core's enums are kept boxed: a field of such a type would make the runtime ask for Core before the module can answer.
    private Enum? _fileFormat;
    private Enum? _datasetFormat;
    private Enum? _textUnit;
    private Enum? _header;

    /// <summary>Parameter set with wildcards.</summary>
    protected const string PathSet = "Path";

    /// <summary>Parameter set without.</summary>
    protected const string LiteralPathSet = "LiteralPath";

    /// <summary>Data files; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Row]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Data files, their names taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Layout of the files; Auto = found by content.</summary>
    [Parameter]
    [FieldSpelling]
    public DatasetFileFormat FileFormat
    {
        get => _fileFormat is DatasetFileFormat given ? given : default;
        set => _fileFormat = value;
    }

    /// <summary>Shape of the records; Auto = found by their fields.</summary>
    [Parameter]
    [FieldSpelling]
    [Alias("Shape", "dataset_format")]
    public DatasetFormat DatasetFormat
    {
        get => _datasetFormat is DatasetFormat given ? given : default;
        set => _datasetFormat = value;
    }

    /// <summary>Field with plain text, or the text that a label belongs to.</summary>
    [Parameter]
    [Alias("text_field")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string TextField { get; set; } = "text";

    /// <summary>Field with the prompt.</summary>
    [Parameter]
    [Alias("prompt_field")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string PromptField { get; set; } = "prompt";

    /// <summary>Field with the completion.</summary>
    [Parameter]
    [Alias("completion_field")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string CompletionField { get; set; } = "completion";

    /// <summary>Field with the conversation.</summary>
    [Parameter]
    [Alias("messages_field")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string MessagesField { get; set; } = "messages";

    /// <summary>Field with the label.</summary>
    [Parameter]
    [Alias("label_field")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string LabelField { get; set; } = "label";

    /// <summary>Field with the chosen answer.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string ChosenField { get; set; } = "chosen";

    /// <summary>Field with the rejected answer.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string RejectedField { get; set; } = "rejected";

    /// <summary>Field with the words of a tagged sentence.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string TokensField { get; set; } = "tokens";

    /// <summary>Field with their tags.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string TagsField { get; set; } = "ner_tags";

    /// <summary>What one record of a plain text file is.</summary>
    [Parameter]
    public TextUnit TextUnit
    {
        get => _textUnit is TextUnit given ? given : default;
        set => _textUnit = value;
    }

    /// <summary>Whether a CSV or TSV file begins with the names of its columns.</summary>
    [Parameter]
    public HeaderMode Header
    {
        get => _header is HeaderMode given ? given : default;
        set => _header = value;
    }

    /// <summary>Names of the columns of a CSV or TSV file without a header.</summary>
    [Parameter]
    public string[] ColumnName { get; set; } = [];

    /// <summary>Separator of the columns of a CSV file; left out = found by content.</summary>
    [Parameter]
    public char? Delimiter { get; set; }

    /// <summary>How the files are to be read; bad lines are written as errors, one each.</summary>
    internal DatasetReaderOptions ReaderOptions() => new()
    {
        FileFormat = FileFormat,
        Shape = DatasetFormat,
        TextField = TextField,
        PromptField = PromptField,
        CompletionField = CompletionField,
        MessagesField = MessagesField,
        LabelField = LabelField,
        ChosenField = ChosenField,
        RejectedField = RejectedField,
        TokensField = TokensField,
        TagsField = TagsField,
        TextUnit = TextUnit,
        Header = Header,
        ColumnNames = ColumnName,
        Delimiter = Delimiter,
        OnProblem = problem => WriteError(ErrorRecords.From(problem.ToException())),
    };

    /// <summary>Full paths of the files that this item of the pipeline names.</summary>
    internal IEnumerable<string> Files()
    {
        var literal = ParameterSetName == LiteralPathSet;
        return PathHelper.Resolve(this, literal ? LiteralPath : Path, literal);
    }
}
