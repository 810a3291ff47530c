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

    /// <summary>The device.</summary>
    public DeviceFacts Device { get; init; } = new();

    /// <summary>Looks at the files that a config names: headers and counts, quickly. Never throws for what the user caused: the rules report it.</summary>
    public static ConfigFacts Gather(TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var facts = new ConfigFacts
        {
            Data = RecordCounter.Count(config.Data.DatasetPath),
            Validation = RecordCounter.Count(config.Data.ValidationPath),
            Device = DeviceFacts.Cpu,
        };
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
