using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Samples;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Shows what the model will see: the rows of a configuration's data (or of records from the pipeline) as tokens, with the
/// loss mask and the documents of packed rows, decoded and coloured. Rows come as they get ready: Select-Object -First ends the work early.
/// </summary>
[Cmdlet(VerbsCommon.Get, "TrainingSample", DefaultParameterSetName = PathSet)]
[OutputType(typeof(SampleView))]
public sealed class GetTrainingSampleCommand : CommandBase
{
    private const string ConfigSet = "Config";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string RecordSet = "Record";

    private readonly List<object> records = [];

    /// <summary>The configuration.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ConfigSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public TrainingConfig? InputObject { get; set; }

    /// <summary>YAML files with configurations; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>YAML files, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Records to show in place of the configuration's own data.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RecordSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public TrainingRecord? Record { get; set; }

    /// <summary>The configuration whose model, template and settings the records are prepared with.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RecordSet)]
    [ValidateNotNull]
    public TrainingConfig? Config { get; set; }

    /// <summary>Settings to replace, as <c>name=value</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(Completers.AssignmentCompleter))]
    public string[] Set { get; set; } = [];

    /// <summary>Show only rows with these records, numbered from 0 in the order of the data, as diagnoses name them.</summary>
    [Parameter]
    [Alias("RecordIndex")]
    [ValidateRange(0, long.MaxValue)]
    public long[] Index { get; set; } = [];

    /// <summary>Show the rows held out for validation instead of those trained on.</summary>
    [Parameter(ParameterSetName = ConfigSet)]
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    public SwitchParameter Validation { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        switch (ParameterSetName)
        {
            case RecordSet:
                records.Add(Record!); // packing looks at many at once
                return;
            case ConfigSet:
                Show(InputObject!);
                return;
        }

        var literal = ParameterSetName == LiteralPathSet;
        foreach (var path in PathHelper.Resolve(this, literal ? LiteralPath : Path, literal))
        {
            Cancellation.ThrowIfCancellationRequested();
            try
            {
                Show(ConfigYaml.Read(path));
            }
            catch (Exception e) when (IsUserError(e))
            {
                WriteError(ErrorRecords.From(e, path));
            }
        }
    }

    /// <inheritdoc/>
    protected override void End()
    {
        if (ParameterSetName == RecordSet)
        {
            Write(Preview(Config!).Rows(records.Cast<TrainingRecord>(), Cancellation));
        }
    }

    private void Show(TrainingConfig config) => Write(Preview(config).Rows(Validation, Cancellation));

    private SamplePreview Preview(TrainingConfig config) => new(ConfigValues.Override(this, config, Set))
    {
        OnPrepared = (samples, set) =>
        {
            foreach (var warning in PreparationReport.Warnings(samples, set))
            {
                WriteWarning(warning);
            }
        },
    };

    private void Write(IEnumerable<SampleView> rows)
    {
        var wanted = Index.ToHashSet();
        foreach (var row in rows)
        {
            Cancellation.ThrowIfCancellationRequested();
            if (Index.Length == 0 || row.Records.Any(wanted.Contains))
            {
                WriteObject(row);
                wanted.ExceptWith(row.Records);
                if (Index.Length > 0 && wanted.Count == 0)
                {
                    return;
                }
            }
        }

        if (wanted.Count > 0)
        {
            throw new TrainToolsException(
                ErrorIds.SampleNotFound, ErrorKind.NotFound,
                $"No row holds {(wanted.Count == 1 ? "record" : "records")} {string.Join(", ", wanted.Order().Take(10))}.",
                "Records are numbered from 0 in the order of the data; one that leaves nothing to learn has no row (a warning names it).");
        }
    }
}
