using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Samples;
using TrainTools.Core.Tokenization;
using TrainTools.Core.Tokenization.Chat;

namespace TrainTools.Core.Configuration;

/// <summary>A record of the sample, as tokens.</summary>
/// <param name="Record">The record.</param>
/// <param name="Length">Tokens, special ones included and nothing cut off.</param>
public sealed record SampledRow(TrainingRecord Record, int Length)
{
    /// <summary>Tokens and labels as the trainer would make them, neither truncated nor packed; null for classifiers and where <see cref="Problem"/> says why not.</summary>
    public TrainingSample? Sample { get; init; }

    /// <summary>Why the record cannot be trained on; null if it can.</summary>
    public TrainToolsException? Problem { get; init; }

    /// <summary>Whether the prompt ends inside a token.</summary>
    public bool PromptSplitsToken { get; init; }

    /// <summary>File and line.</summary>
    public string Place => SampleEncoder.Place(Record with { SourceFile = Path.GetFileName(Record.SourceFile) });
}

/// <summary>
/// The first records of the data, and some of them as tokens: what the rules on data look at. Everything that goes wrong
/// is kept to be reported; nothing is thrown for what the user caused.
/// </summary>
public sealed record DataSample
{
    /// <summary>Most records read.</summary>
    public const int MaxRecords = 10_000;

    /// <summary>Most records turned into tokens, spread over those that were read.</summary>
    public const int MaxRows = 1_000;

    // Long documents: a sample is for seconds, not for the whole of a library.
    private const long MaxCharacters = 64_000_000;
    private const long MaxRowCharacters = 8_000_000;
    private const int MaxProblems = 20;

    /// <summary>The records read, in order.</summary>
    public IReadOnlyList<TrainingRecord> Records { get; init; } = [];

    /// <summary>Whether these are all there are.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Share of the files' bytes that was read.</summary>
    public double ReadShare { get; init; }

    /// <summary>Lines that could not be read, the first of them.</summary>
    public IReadOnlyList<DatasetProblem> Problems { get; init; } = [];

    /// <summary>Number of lines that could not be read.</summary>
    public long ProblemCount { get; init; }

    /// <summary>Why reading ended early; null if it did not.</summary>
    public TrainToolsException? ReadFailure { get; init; }

    /// <summary>The tokenizer; null where there is none or it cannot be used.</summary>
    public PretrainedTokenizer? Tokenizer { get; init; }

    /// <summary>Why the tokenizer or the chat template cannot be used; null if they can.</summary>
    public TrainToolsException? TokenizerFailure { get; init; }

    /// <summary>The chat template; null if the model has none.</summary>
    public ChatTemplate? Template { get; init; }

    /// <summary>Records as tokens.</summary>
    public IReadOnlyList<SampledRow> Rows { get; init; } = [];

    /// <summary>The most frequent shape; null where nothing was read.</summary>
    public RecordShape? Shape => Records.Count == 0 ? null : Records.GroupBy(r => r.Shape).MaxBy(g => g.Count())!.Key;

    /// <summary>Mean length in tokens; null where nothing was tokenized.</summary>
    public double? MeanTokens => Rows.Any(r => r.Length > 0) ? Rows.Where(r => r.Length > 0).Average(r => r.Length) : null;

    /// <summary>Number of records, reckoned where not all were read; null where nothing was.</summary>
    public long? EstimatedRecords => IsComplete ? Records.Count : ReadShare > 0 ? (long)Math.Round(Records.Count / ReadShare) : null;

    /// <summary>Reads records only.</summary>
    public static DataSample ReadRecords(IReadOnlyList<string> paths, DataConfig config, int maxRecords = MaxRecords)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(config);
        var records = new List<TrainingRecord>();
        var problems = new List<DatasetProblem>();
        var progress = default(DatasetProgress);
        long problemCount = 0;
        long characters = 0;
        var complete = false;
        TrainToolsException? failure = null;
        var reader = new DatasetReader(DatasetReaderOptions.FromConfig(config) with
        {
            OnProblem = problem =>
            {
                problemCount++;
                if (problems.Count < MaxProblems)
                {
                    problems.Add(problem);
                }
            },
            OnProgress = p => progress = p,
        });
        try
        {
            using var reading = reader.Read(paths.Where(File.Exists)).GetEnumerator();
            while (!(complete = !reading.MoveNext()) && records.Count < maxRecords && characters < MaxCharacters)
            {
                records.Add(reading.Current);
                characters += RecordText.Length(reading.Current);
            }
        }
        catch (TrainToolsException e)
        {
            failure = e;
        }

        return new DataSample
        {
            Records = records,
            IsComplete = complete,
            ReadShare = complete ? 1 : progress is { BytesRead: > 0, BytesTotal: > 0 } && progress.Records > 0 ? (double)progress.BytesRead / progress.BytesTotal * records.Count / progress.Records : 0,
            Problems = problems,
            ProblemCount = problemCount,
            ReadFailure = failure,
        };
    }

    /// <summary>Reads records and turns some of them into tokens as the trainer would.</summary>
    public static DataSample Read(TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var sample = ReadRecords(config.Data.DatasetPath, config.Data);
        var folder = config.Model.TokenizerPath ?? config.Model.ModelNameOrPath;
        if (sample.Records.Count == 0 || string.IsNullOrEmpty(folder) || !Directory.Exists(folder))
        {
            return sample;
        }

        try
        {
            var tokenizer = PretrainedTokenizer.Load(folder);
            sample = sample with { Tokenizer = tokenizer };
            var source = config.Model.ChatTemplatePath is { } path && File.Exists(path) ? File.ReadAllText(path) : tokenizer.ChatTemplate;
            sample = sample with { Template = source is null ? null : new ChatTemplate(source, ChatTokens.Of(tokenizer), config.Model.ChatTemplatePath ?? tokenizer.Folder) };
        }
        catch (TrainToolsException e)
        {
            sample = sample with { TokenizerFailure = e };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            sample = sample with { TokenizerFailure = new TrainToolsException(ErrorIds.ModelFileUnreadable, ErrorKind.IO, $"The tokenizer in {folder} could not be read: {e.Message}", null, folder, e) };
        }

        return sample.Tokenizer is null || sample.TokenizerFailure is not null ? sample : sample with { Rows = Encode(sample, config) };
    }

    private static SampledRow[] Encode(DataSample sample, TrainingConfig config)
    {
        var chosen = Spread(sample.Records);
        var rows = new SampledRow[chosen.Count];
        var encoder = new SampleEncoder(sample.Tokenizer!, SampleOptions.From(config.Data), sample.Template);
        var language = config.Task.TaskType is TaskType.CausalLm;
        SampledRow Row(TrainingRecord record) => language ? Language(encoder, record) : Labelled(sample.Tokenizer!, record);

        // A template that does not end takes a second a record, whichever that is: once is enough.
        if (rows.Length > 0 && (rows[0] = Row(chosen[0])).Problem?.ErrorId == ErrorIds.ChatTemplateUnbounded)
        {
            return [rows[0]];
        }

        Parallel.For(1, rows.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i => rows[i] = Row(chosen[i]));
        return rows;
    }

    // Every k-th record, and no more text than can be tokenized in a second or two.
    private static List<TrainingRecord> Spread(IReadOnlyList<TrainingRecord> records)
    {
        var count = Math.Min(MaxRows, records.Count);
        var chosen = new List<TrainingRecord>(count);
        long characters = 0;
        for (var i = 0; i < count && characters < MaxRowCharacters; i++)
        {
            var record = records[(int)((long)i * records.Count / count)];
            characters += RecordText.Length(record);
            chosen.Add(record);
        }

        return chosen;
    }

    private static SampledRow Language(SampleEncoder encoder, TrainingRecord record)
    {
        try
        {
            var encoded = encoder.Encode(record);
            return new SampledRow(record, encoded.Sample.Length) { Sample = encoded.Sample, PromptSplitsToken = encoded.PromptSplitsToken };
        }
        catch (TrainToolsException e)
        {
            return new SampledRow(record, 0) { Problem = e };
        }
    }

    private static SampledRow Labelled(PretrainedTokenizer tokenizer, TrainingRecord record) =>
        new(record, tokenizer.Encode(record.Text ?? (record.Tokens is null ? string.Empty : string.Join(' ', record.Tokens))).Length);
}
