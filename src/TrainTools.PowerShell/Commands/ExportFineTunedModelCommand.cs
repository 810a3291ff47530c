using System.Globalization;
using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.PowerShell.Transforms;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Writes the result of a run for use elsewhere: an adapter as it is, or merged into its base (-Merge), several adapters as
/// their weighted sum, a model in another type, in shards or quantised; with a model card. What was written is read again
/// and its logits are compared with those of what was exported; where they differ by more than the type's rounding, nothing
/// is kept. The work is done by a trainer process.
/// </summary>
[Cmdlet(VerbsData.Export, "FineTunedModel", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(ExportedModel))]
public sealed class ExportFineTunedModelCommand : CommandBase
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private readonly List<ExportSource> sources = [];

    // A field of an enum of Core would make the runtime look for Core before the module can say where it is.
    private object? dtype;
    private TrainerProcess? trainer;

    /// <summary>Runs, adapters, models or checkpoints; several only where all are adapters. Wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(Completers.RunCompleter))]
    [Transforms.PathOf]
    public string[] Path { get; set; } = [];

    /// <summary>The same, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Folder to write.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string OutputPath { get; set; } = string.Empty;

    /// <summary>Put the adapters into the base's weights.</summary>
    [Parameter]
    public SwitchParameter Merge { get; set; }

    /// <summary>Factor of each adapter, in their order; 1 where it is left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public double[] Weight { get; set; } = [];

    /// <summary>Rank of the sum of several adapters, the best approximation of that rank; left out, the sum is exact and its rank the sum of theirs.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Rank { get; set; }

    /// <summary>Type of the weights: float32, float16 or bfloat16; left out, the base's own.</summary>
    [Parameter]
    [Alias("torch_dtype")]
    [FieldSpelling]
    public ModelDtype Dtype
    {
        get => dtype is ModelDtype given ? given : default;
        set => dtype = value;
    }

    /// <summary>Quantise the linear layers to 4 (NF4) or 8 bits, as bitsandbytes stores them; adapters are merged first.</summary>
    [Parameter]
    [Alias("quantization_bit")]
    [ValidateSet("4", "8")]
    public int QuantizationBit { get; set; }

    /// <summary>Largest weight file, such as 5GB or 200MB (decimal, as in transformers) or a number of bytes.</summary>
    [Parameter]
    [Alias("max_shard_size")]
    [ValidateNotNullOrEmpty]
    public string MaxShardSize { get; set; } = "50GB";

    /// <summary>Folder of the base; left out, the one that the adapter names.</summary>
    [Parameter]
    [Alias("BasePath")]
    [ValidateNotNullOrEmpty]
    public string? BaseModelPath { get; set; }

    /// <summary>Name of the base to write into the adapter's config and the card, such as its name on the Hub.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? BaseModelName { get; set; }

    /// <summary>auto, cpu, cuda or cuda:n.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(Completers.SettingCompleter))]
    [ValidateNotNullOrEmpty]
    public string Device { get; set; } = "auto";

    /// <summary>Replace what is at the output path.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Leave the comparison of the logits out. An adapter exported as it is then needs no base.</summary>
    [Parameter]
    public SwitchParameter SkipLogitCheck { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        var literal = ParameterSetName == LiteralPathSet;
        foreach (var path in PathHelper.Resolve(this, literal ? LiteralPath : Path, literal))
        {
            sources.Add(Source(path));
        }
    }

    /// <inheritdoc/>
    protected override void End()
    {
        if (sources.Count == 0)
        {
            return;
        }

        var request = Request();
        if (!ShouldProcess(request.OutputPath, $"Export {string.Join(", ", sources.Select(s => s.RunPath ?? s.Path))}"))
        {
            return;
        }

        trainer = TrainerProcess.StartExport(TrainerLocator.Find(), request);
        foreach (var item in trainer.Events(Cancellation))
        {
            if (item is ExportedModel export)
            {
                WriteObject(export);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            trainer?.Dispose();
        }

        base.Dispose(disposing);
    }

    private ExportRequest Request()
    {
        var given = MyInvocation.BoundParameters;
        if (Weight.Length > 0 && Weight.Length != sources.Count)
        {
            throw Invalid($"There are {Weight.Length} weights for {sources.Count} adapters.", "Give one weight for each adapter.", nameof(Weight));
        }

        if (Array.Exists(Weight, w => !double.IsFinite(w)))
        {
            throw Invalid("A weight is not a finite number.", "Give finite weights.", nameof(Weight));
        }

        return new ExportRequest
        {
            OutputPath = PathHelper.ResolveNew(this, OutputPath),
            Sources = [.. sources.Select((s, i) => Weight.Length == 0 ? s : s with { Weight = Weight[i] })],
            BaseModelPath = BaseModelPath is null ? null : PathHelper.ResolveNew(this, BaseModelPath),
            BaseModelName = BaseModelName,
            Merge = Merge,
            Rank = given.ContainsKey(nameof(Rank)) ? Rank : null,
            Dtype = given.ContainsKey(nameof(Dtype)) ? Dtype : null,
            QuantizationBit = given.ContainsKey(nameof(QuantizationBit)) ? QuantizationBit : null,
            MaxShardBytes = Bytes(MaxShardSize),
            Device = Device,
            Overwrite = Force,
            SkipCheck = SkipLogitCheck,
        };
    }

    private static ExportSource Source(string path)
    {
        if (FineTuneRun.TryOpen(new RunFolder(path)) is { } run)
        {
            return run.ModelPath is { } result ? new ExportSource { Path = result, RunPath = run.Path } : throw new TrainToolsException(
                ErrorIds.ModelFolderNotFound, ErrorKind.NotFound, $"The run {run.Name} has no result to export: it is {run.State}.", "Name one of its checkpoints, or a run that is completed.", path);
        }

        // A result or a checkpoint inside of a run folder: the run tells where it comes from.
        for (var parent = System.IO.Path.GetDirectoryName(path); parent is not null; parent = System.IO.Path.GetDirectoryName(parent))
        {
            if (File.Exists(new RunFolder(parent).RunInfoPath))
            {
                return new ExportSource { Path = path, RunPath = parent };
            }
        }

        return new ExportSource { Path = path };
    }

    private static long Bytes(string size)
    {
        var (digits, factor) = size.Trim().ToUpperInvariant() switch
        {
            var s when s.EndsWith("GB", StringComparison.Ordinal) => (s[..^2], 1e9),
            var s when s.EndsWith("MB", StringComparison.Ordinal) => (s[..^2], 1e6),
            var s when s.EndsWith("KB", StringComparison.Ordinal) => (s[..^2], 1e3),
            var s => (s, 1.0),
        };
        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number * factor is >= 1 and < 1e18
            ? (long)(number * factor) : throw Invalid($"'{size}' is no size of a file.", "Give a number of bytes, or such as 5GB or 200MB.", nameof(MaxShardSize));
    }

    private static TrainToolsException Invalid(string message, string remedy, string parameter) =>
        new(ErrorIds.ExportRequestInvalid, ErrorKind.InvalidArgument, message, remedy, parameter);
}
