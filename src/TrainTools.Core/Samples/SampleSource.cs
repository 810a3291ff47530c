using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Samples.Labels;
using TrainTools.Core.Tokenization;
using TrainTools.Core.Tokenization.Chat;
using TrainTools.Core.Training;

namespace TrainTools.Core.Samples;

/// <summary>
/// A configuration's data as samples: reader, chat template, encoder and options in one place, so that what is shown to a
/// person is what a run trains on.
/// </summary>
public sealed class SampleSource
{
    private readonly TrainingConfig config;

    /// <summary>Puts the parts together.</summary>
    /// <param name="config">The resolved configuration.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <exception cref="Errors.TrainToolsException">The labels make no task (see <see cref="LabelDiscovery.Find"/>).</exception>
    public SampleSource(TrainingConfig config, PretrainedTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tokenizer);
        this.config = config;
        var options = SampleOptions.From(config.Data);
        Labels = config.Task.TaskType is TaskType.SequenceClassification or TaskType.TokenClassification
            ? LabelDiscovery.Find(config, Records(config.Data.DatasetPath)) : null;
        IRecordEncoder encoder = config.Task.TaskType switch
        {
            TaskType.SequenceClassification => new ClassificationEncoder(tokenizer, Labels!, config.Data),
            TaskType.TokenClassification => new TagEncoder(tokenizer, Labels!, config.Data),
            TaskType.MaskedLm => new MaskedTextEncoder(tokenizer, config.Data),
            _ => new SampleEncoder(tokenizer, options, Template(tokenizer)),
        };
        Preparation = new SamplePreparation(encoder, options, tokenizer.BosTokenId);
    }

    /// <summary>The labels of classification and tagging; null for language.</summary>
    public LabelSet? Labels { get; }

    /// <summary>From records to samples.</summary>
    public SamplePreparation Preparation { get; }

    /// <summary>Reads records; a bad line is an error.</summary>
    public IEnumerable<TrainingRecord> Records(IEnumerable<string> files) =>
        new DatasetReader(DatasetReaderOptions.FromConfig(config.Data) with { Strict = true }).Read(files);

    /// <summary>One sample a record of the files, from the cache where it has them.</summary>
    /// <param name="name">What they are for: "training", "validation".</param>
    /// <param name="files">The files.</param>
    /// <param name="cache">The cache; null = none.</param>
    /// <param name="cached">Whether they came from the cache.</param>
    public PreparedSamples Encode(string name, IReadOnlyList<string> files, SampleCache? cache, out bool cached)
    {
        cached = false;
        if (cache is null || config.Task.TaskType != TaskType.CausalLm || !files.All(File.Exists))
        {
            return Preparation.Encode(Records(files));
        }

        var key = SampleCache.Key(config, files);
        if (cache.Read(name, key) is { } known)
        {
            cached = true;
            return known;
        }

        var samples = Preparation.Encode(Records(files));
        cache.Write(name, key, samples);
        return samples;
    }

    /// <summary>Holds out a share of the records (at least one, and not all), the same ones for the same seed.</summary>
    public static (PreparedSamples Training, PreparedSamples Validation) HoldOut(PreparedSamples samples, double share, long seed)
    {
        ArgumentNullException.ThrowIfNull(samples);
        long[] order = [.. samples.Samples.Select(s => s.RecordIndexes[0]).Distinct()]; // the windows of a record stay together
        var count = order.Length;
        new SeededRandom(seed, RandomPurpose.ValidationSplit).Shuffle<long>(order);
        var held = order[..Math.Clamp((int)Math.Ceiling(count * share), Math.Min(1, count), Math.Max(0, count - 1))].ToHashSet();
        return (samples.With([.. samples.Samples.Where(s => !held.Contains(s.RecordIndexes[0]))]), samples.With([.. samples.Samples.Where(s => held.Contains(s.RecordIndexes[0]))]));
    }

    private ChatTemplate? Template(PretrainedTokenizer tokenizer)
    {
        var path = config.Model.ChatTemplatePath;
        var source = path is null ? tokenizer.ChatTemplate : File.ReadAllText(path);
        return source is null ? null : new ChatTemplate(source, ChatTokens.Of(tokenizer), path ?? tokenizer.Folder);
    }
}
