using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples;
using TrainTools.Core.Tokenization;
using TrainTools.Core.Tokenization.Chat;
using TrainTools.Core.Training;

namespace TrainTools.Trainer.Training;

/// <summary>The rows a run trains and evaluates on.</summary>
/// <param name="Training">Rows of an epoch.</param>
/// <param name="Validation">Held-out rows; empty = none.</param>
public sealed record RunData(PreparedSamples Training, IReadOnlyList<TrainingSample> Validation)
{
    /// <summary>Reads and prepares a configuration's data; tells what became of it.</summary>
    /// <param name="config">The resolved configuration.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="events">Where dropped and doubtful records are told.</param>
    public static RunData Prepare(TrainingConfig config, PretrainedTokenizer tokenizer, IEventSink events)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(events);
        var options = SampleOptions.From(config.Data);
        var preparation = new SamplePreparation(new SampleEncoder(tokenizer, options, Template(config, tokenizer)), options, tokenizer.BosTokenId);
        var reader = new DatasetReader(DatasetReaderOptions.FromConfig(config.Data) with { Strict = true });

        var training = preparation.Encode(reader.Read(config.Data.DatasetPath));
        Report(training, "training", events);
        PreparedSamples? validation = null;
        if (config.Data.ValidationPath.Count > 0)
        {
            validation = preparation.Encode(reader.Read(config.Data.ValidationPath));
            Report(validation, "validation", events);
        }
        else if (config.Data.ValidationSplit is > 0 and var share)
        {
            (training, validation) = HoldOut(training, share, config.Runtime.Seed);
        }

        if (training.Samples.Count == 0)
        {
            throw new TrainToolsException(
                ErrorIds.NothingToTrainOn, ErrorKind.InvalidData,
                $"None of the {training.Records} records leaves anything to learn: every one was dropped ({training.Dropped.Count(d => d.Reason == DropReason.TargetTruncated)} because max_length cut off all supervised tokens).",
                "Raise max_length, set keep_target, or look at the data with Get-TrainingSample.");
        }

        return new RunData(preparation.Pack(training), validation is null ? [] : preparation.Pack(validation).Samples);
    }

    /// <summary>Holds out a share of the records (at least one, and not all), the same ones for the same seed.</summary>
    public static (PreparedSamples Training, PreparedSamples Validation) HoldOut(PreparedSamples samples, double share, long seed)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var count = samples.Samples.Count;
        int[] order = [.. Enumerable.Range(0, count)];
        new SeededRandom(seed, RandomPurpose.ValidationSplit).Shuffle<int>(order);
        var held = order[..Math.Clamp((int)Math.Ceiling(count * share), Math.Min(1, count), Math.Max(0, count - 1))].ToHashSet();
        return (samples.With([.. samples.Samples.Where((_, i) => !held.Contains(i))]), samples.With([.. samples.Samples.Where((_, i) => held.Contains(i))]));
    }

    /// <summary>
    /// The same rows, of which those with one of these records teach nothing. They stay in their places, so that every other
    /// row comes when it would have come.
    /// </summary>
    public RunData PassOver(IReadOnlySet<long> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        return records.Count == 0 ? this : this with
        {
            Training = Training.With([.. Training.Samples.Select(s => !s.RecordIndexes.Any(records.Contains) ? s : s with { Labels = [.. s.Labels.Select(_ => TrainingSample.Ignored)] })]),
        };
    }

    private static ChatTemplate? Template(TrainingConfig config, PretrainedTokenizer tokenizer)
    {
        var path = config.Model.ChatTemplatePath;
        var source = path is null ? tokenizer.ChatTemplate : File.ReadAllText(path);
        return source is null ? null : new ChatTemplate(source, ChatTokens.Of(tokenizer), path ?? tokenizer.Folder);
    }

    private static void Report(PreparedSamples samples, string what, IEventSink events)
    {
        void Warn(string message) => events.Send(new LogMessage { Level = "warning", Message = message });

        if (samples.Dropped.Count > 0)
        {
            var places = string.Join(", ", samples.Dropped.Take(5).Select(d => FormattableString.Invariant($"{Path.GetFileName(d.File)}({d.Line}): {Describe(d)}")));
            Warn($"{samples.Dropped.Count} of {samples.Records} {what} records are left out: {places}{(samples.Dropped.Count > 5 ? ", …" : "")}.");
        }

        if (samples.Truncated > 0)
        {
            Warn($"{samples.Truncated} of {samples.Records} {what} records are longer than max_length; {samples.TokensLost} tokens are cut off.");
        }

        if (samples.PromptSplits > 0)
        {
            Warn($"In {samples.PromptSplits} of {samples.Records} {what} records the prompt ends inside a token (first: {samples.FirstPromptSplit}); the loss mask is off by that token.");
        }
    }

    private static string Describe(DroppedRecord record) => record.Reason switch
    {
        DropReason.TargetTruncated => FormattableString.Invariant($"max_length cuts off everything supervised ({record.Length} tokens)"),
        _ => "nothing to predict",
    };
}
