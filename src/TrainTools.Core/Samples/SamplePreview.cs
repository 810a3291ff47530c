using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Samples;

/// <summary>The rows that a run of a configuration will train or be evaluated on, in the order of the data, for a person to read.</summary>
public sealed class SamplePreview
{
    private const string Training = "training";
    private const string Validation = "validation";
    private readonly TrainingConfig config;
    private readonly PretrainedTokenizer tokenizer;
    private readonly SampleSource source;
    private readonly Dictionary<long, string> rowLabels = [];

    /// <summary>Loads the tokenizer and puts the preparation together.</summary>
    /// <param name="config">The configuration; what it leaves open is derived as for a run.</param>
    /// <exception cref="TrainToolsException">The model's folder, its tokenizer or its template cannot be used.</exception>
    public SamplePreview(TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        this.config = ConfigResolver.Resolve(config).Config;
        var folder = config.Model.TokenizerPath ?? config.Model.ModelNameOrPath ?? throw new TrainToolsException(
            ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, "The configuration names no model, so there is no tokenizer.", "Set model_name_or_path or tokenizer_path.", "model_name_or_path");
        tokenizer = PretrainedTokenizer.Load(folder);
        source = new SampleSource(this.config, tokenizer);
    }

    /// <summary>Told once when the rows are all made: what became of the records.</summary>
    public Action<PreparedSamples, string>? OnPrepared { get; init; }

    /// <summary>The rows of the configuration's own data.</summary>
    /// <param name="validation">The held-out rows instead of those trained on.</param>
    /// <param name="cancellation">Ends it.</param>
    public IEnumerable<SampleView> Rows(bool validation, CancellationToken cancellation = default)
    {
        var data = config.Data;
        if (validation && data.ValidationPath.Count == 0 && data.ValidationSplit is not > 0)
        {
            throw new TrainToolsException(
                ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, "The configuration holds nothing out for validation.", "Set validation_path or validation_split.", "validation_path");
        }

        if (data.ValidationPath.Count > 0 || data.ValidationSplit is not > 0)
        {
            return Rows(source.Records(validation ? data.ValidationPath : Required(data.DatasetPath)), validation ? Validation : Training, cancellation);
        }

        return HeldOut(validation, cancellation);
    }

    /// <summary>The rows of given records.</summary>
    public IEnumerable<SampleView> Rows(IEnumerable<TrainingRecord> records, CancellationToken cancellation = default) => Rows(records, Training, cancellation);

    private static SettingList Required(SettingList files) => files.Count > 0 ? files : throw new TrainToolsException(
        ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, "The configuration names no data.", "Set dataset_path, or send records down the pipeline.", "dataset_path");

    private IEnumerable<SampleView> Rows(IEnumerable<TrainingRecord> records, string set, CancellationToken cancellation)
    {
        var places = new Dictionary<long, string>();
        var row = 0;
        foreach (var sample in source.Preparation.Stream(Noted(records, places), samples => OnPrepared?.Invoke(samples, set), cancellation))
        {
            yield return View(sample, set, row++, places);
        }
    }

    private IEnumerable<SampleView> HeldOut(bool validation, CancellationToken cancellation)
    {
        var places = new Dictionary<long, string>();
        var all = source.Preparation.Encode(Noted(source.Records(Required(config.Data.DatasetPath)), places), cancellation);
        OnPrepared?.Invoke(all, Training);
        var (training, held) = SampleSource.HoldOut(all, config.Data.ValidationSplit!.Value, config.Runtime.Seed);
        var row = 0;
        foreach (var sample in source.Preparation.Pack(validation ? held : training).Samples)
        {
            yield return View(sample, validation ? Validation : Training, row++, places);
        }
    }

    private SampleView View(TrainingSample sample, string set, int row, Dictionary<long, string> places) =>
        new(sample, tokenizer, set, row, [.. sample.RecordIndexes.Select(r => places.GetValueOrDefault(r) ?? FormattableString.Invariant($"record {r}"))])
        {
            RowLabel = sample.RowTargets is null ? null : rowLabels.GetValueOrDefault(sample.RecordIndexes[0]),
        };

    private IEnumerable<TrainingRecord> Noted(IEnumerable<TrainingRecord> records, Dictionary<long, string> places)
    {
        foreach (var record in records)
        {
            places[record.Index] = SampleEncoder.Place(record with { SourceFile = Path.GetFileName(record.SourceFile) });
            if (record.Label is { } label)
            {
                rowLabels[record.Index] = label;
            }
            else if (record.Labels is { } several)
            {
                rowLabels[record.Index] = string.Join(", ", several);
            }

            yield return record;
        }
    }
}
