using TrainTools.Core.Errors;

namespace TrainTools.Core.Configuration;

/// <summary>What defaults are derived from and rules look at, besides the config itself. What is not known is null.</summary>
public sealed record ConfigFacts
{
    /// <summary>The base model.</summary>
    public ModelFacts? Model { get; init; }

    /// <summary>What is wrong with the model folder; null if nothing is. <see cref="Model"/> may still hold what config.json says.</summary>
    public TrainToolsException? ModelProblem { get; init; }

    /// <summary>The training data.</summary>
    public DataFacts? Data { get; init; }

    /// <summary>The validation data; null if the config names none.</summary>
    public DataFacts? Validation { get; init; }

    /// <summary>Some of the training records, as tokens; null where no file could be read, or it was not asked for.</summary>
    public DataSample? Sample { get; init; }

    /// <summary>Validation records, not as tokens; null where there are none.</summary>
    public DataSample? ValidationSample { get; init; }

    /// <summary>The device.</summary>
    public DeviceFacts Device { get; init; } = new();

    /// <summary>
    /// Looks at the files that a config names: the headers of the weights, the first records of the data, some of them as
    /// tokens. Takes a second or two at most, and never throws for what the user caused: the rules report it.
    /// </summary>
    /// <param name="config">The config.</param>
    /// <param name="readData">Whether records are read; without, they are only counted.</param>
    public static ConfigFacts Gather(TrainingConfig config, bool readData = true)
    {
        ArgumentNullException.ThrowIfNull(config);
        var facts = GatherModel(config, new ConfigFacts
        {
            Data = RecordCounter.Count(config.Data.DatasetPath),
            Validation = RecordCounter.Count(config.Data.ValidationPath),
            Device = DeviceFacts.Of(config.Runtime.Device),
        });
        if (!readData || facts.Data is not { Bytes: > 0 })
        {
            return facts;
        }

        var sample = DataSample.Read(config);
        var validation = facts.Validation is { Bytes: > 0 } ? DataSample.ReadRecords(config.Data.ValidationPath, config.Data) : null;
        return facts with
        {
            Sample = sample,
            ValidationSample = validation,
            Data = Refine(facts.Data, sample),
            Validation = validation is null ? facts.Validation : Refine(facts.Validation!, validation),
        };
    }

    // What was read counts before what was counted by lines, which in turn counts before what was reckoned.
    private static DataFacts Refine(DataFacts facts, DataSample sample) => facts with
    {
        Records = sample.IsComplete ? sample.Records.Count : facts.Records ?? sample.EstimatedRecords,
        Shape = sample.Shape,
        MeanTokens = sample.MeanTokens,
        Lengths = [.. sample.Rows.Where(r => r.Length > 0).Select(r => r.Length)],
    };

    private static ConfigFacts GatherModel(TrainingConfig config, ConfigFacts facts)
    {
        if (string.IsNullOrEmpty(config.Model.ModelNameOrPath))
        {
            return facts;
        }

        try
        {
            facts = facts with { Model = ModelFacts.ReadConfig(config.Model.ModelNameOrPath) };
            return facts with { Model = ModelFacts.Read(config.Model.ModelNameOrPath) };
        }
        catch (TrainToolsException e)
        {
            return facts with { ModelProblem = e };
        }
    }
}
