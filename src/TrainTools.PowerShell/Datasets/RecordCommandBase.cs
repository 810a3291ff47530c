using System.Management.Automation;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.PowerShell.Transforms;

namespace TrainTools.PowerShell.Datasets;

/// <summary>A cmdlet that works on a whole data set: the files it is given, or the records that come down the pipeline.</summary>
public abstract class RecordCommandBase : DatasetReadCommandBase
{
    /// <summary>Parameter set with records.</summary>
    protected const string InputObjectSet = "InputObject";

    /// <summary>Bytes of records from the pipeline that are held in memory; more go to a temporary file.</summary>
    private const long DefaultMemory = 512L << 20;

    private readonly List<string> _files = [];
    private RecordSpool? _spool;

    /// <summary>Records of Import-TrainingDataset, or objects and tables with the fields of one (Import-Csv).</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [Record]
    [ValidateNotNull]
    public TrainingRecord? InputObject { get; set; }

    /// <summary>Bytes of memory for records that come down the pipeline.</summary>
    private protected virtual long SpoolMemory => DefaultMemory;

    /// <summary>Threads that read ahead.</summary>
    private protected virtual int ReadThreads => Environment.ProcessorCount;

    /// <summary>Bad lines met while reading.</summary>
    private protected long BadLines { get; private set; }

    /// <inheritdoc/>
    protected sealed override void Process()
    {
        if (ParameterSetName == InputObjectSet)
        {
            (_spool ??= new RecordSpool(SpoolMemory)).Add(InputObject!);
        }
        else
        {
            _files.AddRange(Files());
        }
    }

    /// <inheritdoc/>
    protected sealed override void End()
    {
        if (_spool is not null)
        {
            Run(_spool);
        }
        else if (_files.Count > 0)
        {
            var options = ReaderOptions();
            var report = options.OnProblem!;
            Run(new FileRecordSource(_files, options with
            {
                Threads = ReadThreads,
                OnProblem = problem =>
                {
                    BadLines++;
                    report(problem);
                },
            }));
        }
        else if (ParameterSetName == InputObjectSet)
        {
            throw new TrainToolsException(ErrorIds.DatasetEmpty, ErrorKind.InvalidData, "No record came down the pipeline.", "Check the command in front of this one.");
        }
    }

    /// <summary>Does the work.</summary>
    /// <param name="source">All records.</param>
    private protected abstract void Run(IRecordSource source);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _spool?.Dispose();
        }

        base.Dispose(disposing);
    }
}
