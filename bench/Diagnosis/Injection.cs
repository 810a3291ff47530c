using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Training;

namespace TrainTools.Bench.Diagnosis;

/// <summary>What a fault (or a healthy oddity) may change of a trial.</summary>
internal sealed class Injection
{
    public required Setting Setting { get; init; }

    /// <summary>1 to 3.</summary>
    public required int Severity { get; init; }

    /// <summary>0-based step from which on a fault that can begin in the middle of a run is there; 0 = from the start.</summary>
    public required int Onset { get; init; }

    public required Random Random { get; init; }

    /// <summary>The run's settings.</summary>
    public required TrainingConfig Config { get; set; }

    public required List<TrainingSample> Training { get; set; }

    /// <summary>Rows of the run's own evaluations; what the truth is measured on is out of a fault's reach.</summary>
    public required List<TrainingSample> Validation { get; set; }

    /// <summary>Rows that the same seed would not have used otherwise.</summary>
    public required SampleCollator Collator { get; init; }

    /// <summary>Other batches for a 0-based step.</summary>
    public Func<StepBatches, StepBatches>? Batches { get; set; }

    /// <summary>Trainable parameters that get no gradient.</summary>
    public Func<string, bool>? Frozen { get; set; }

    /// <summary>Parameters that the optimizer does not know.</summary>
    public Func<string, bool>? NotInOptimizer { get; set; }

    /// <summary>Factor of the loss and the gradient of a micro-batch: (step, targets of the batch, targets of the step) → factor.</summary>
    public Func<int, long, long, double>? GradientFactor { get; set; }

    /// <summary>Largest value a scaled gradient can have, and the scale: beyond it is infinity. From a step on.</summary>
    public Func<int, double?>? Fp16Scale { get; set; }

    /// <summary>Seconds that the batch of a step comes late: (step, seconds of the steps before) → seconds.</summary>
    public Func<int, double, double>? Delay { get; set; }

    /// <summary>Bytes that a step keeps for good.</summary>
    public Func<int, int>? Leak { get; set; }

    /// <summary>Hidden size of an untrained model of one layer that takes the base's place; null = the base.</summary>
    public int? TinyModel { get; set; }

    /// <summary>Neither probe nor diagnosis, to see what they cost.</summary>
    public bool Unwatched { get; set; }

    /// <summary>Something that must hold in every run and does not here, whatever it does to the result; null = nothing.</summary>
    public string? BrokenInvariant { get; set; }

    /// <summary>Sets a setting by its YAML name.</summary>
    public void Set(string name, object value) => Config = ConfigYaml.Set(Config, name, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!);

    /// <summary>Multiplies the learning rate.</summary>
    public void ScaleRate(double factor) => Config = Config with { Optimization = Config.Optimization with { LearningRate = Config.Optimization.LearningRate * factor } };

    /// <summary>Of three values the one of this severity.</summary>
    public T Pick<T>(T mild, T middle, T strong) => Severity switch { 1 => mild, 2 => middle, _ => strong };
}
