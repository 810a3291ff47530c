using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples;
using TrainTools.Core.Samples.Labels;
using TrainTools.Core.Tokenization;

namespace TrainTools.Trainer.Training;

/// <summary>The rows a run trains and evaluates on.</summary>
/// <param name="Training">Rows of an epoch.</param>
/// <param name="Validation">Held-out rows; empty = none.</param>
public sealed record RunData(PreparedSamples Training, IReadOnlyList<TrainingSample> Validation)
{
    /// <summary>The labels of classification and tagging; null for language.</summary>
    public LabelSet? Labels { get; init; }

    /// <summary>Reads and prepares a configuration's data; tells what became of it.</summary>
    /// <param name="config">The resolved configuration.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="events">Where dropped and doubtful records are told.</param>
    /// <param name="folder">Run folder that keeps the tokenised records and the list of dropped ones; null = none.</param>
    public static RunData Prepare(TrainingConfig config, PretrainedTokenizer tokenizer, IEventSink events, RunFolder? folder = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(events);
        var source = new SampleSource(config, tokenizer);
        var cache = folder is null ? null : new SampleCache(folder.CachePath);
        PreparedSamples Encode(string name, IReadOnlyList<string> files)
        {
            var samples = source.Encode(name, files, cache, out var cached);
            if (cached)
            {
                events.Send(new LogMessage { Level = "verbose", Message = $"The {name} records were tokenised before: {samples.Samples.Count} samples come from {cache!.Folder}." });
            }

            foreach (var warning in PreparationReport.Warnings(samples, name))
            {
                events.Send(new LogMessage { Level = "warning", Message = warning });
            }

            return samples;
        }

        var training = Encode("training", config.Data.DatasetPath);
        var validation = config.Data.ValidationPath.Count > 0 ? Encode("validation", config.Data.ValidationPath) : null;
        if (folder is not null)
        {
            PreparationReport.WriteDropped(folder.DroppedPath, validation is null ? [("training", training)] : [("training", training), ("validation", validation)]);
        }

        if (validation is null && config.Data.ValidationSplit is > 0 and var share)
        {
            (training, validation) = SampleSource.HoldOut(training, share, config.Runtime.Seed);
        }

        if (training.Samples.Count == 0)
        {
            throw new TrainToolsException(
                ErrorIds.NothingToTrainOn, ErrorKind.InvalidData,
                $"None of the {training.Records} records leaves anything to learn: every one was dropped ({training.Dropped.Count(d => d.Reason == DropReason.TargetTruncated)} because max_length cut off all supervised tokens).",
                "Raise max_length, set keep_target, or look at the data with Get-TrainingSample.");
        }

        if (source.Labels?.Note is { } note)
        {
            events.Send(new LogMessage { Level = "information", Message = note });
        }

        return new RunData(source.Preparation.Pack(training), validation is null ? [] : source.Preparation.Pack(validation).Samples) { Labels = source.Labels };
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
            Training = Training.With([.. Training.Samples.Select(s => !s.RecordIndexes.Any(records.Contains) ? s : s with { Labels = [.. s.Labels.Select(_ => TrainingSample.Ignored)], IsPassedOver = true })]),
        };
    }
}
