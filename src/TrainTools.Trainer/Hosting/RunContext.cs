using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Hosting;

/// <summary>What the training code is given: everything it needs of the world outside.</summary>
public sealed class RunContext
{
    /// <summary>The run folder. It exists and is locked.</summary>
    public required RunFolder Folder { get; init; }

    /// <summary>config.yaml as it was read, resolved.</summary>
    public required TrainingConfig Config { get; set; }

    /// <summary>Where progress goes.</summary>
    public required IEventSink Events { get; init; }

    /// <summary>Asked after each step.</summary>
    public required StopSignal Stop { get; init; }

    /// <summary>Checkpoint folder to continue from; null for a new run.</summary>
    public string? ResumeFrom { get; set; }

    /// <summary>What run.json says; changed by <see cref="Describe"/>.</summary>
    public required RunInfo Info { get; set; }

    /// <summary>The same with another way of telling and of being stopped; run.json is this one's.</summary>
    public RunContext With(IEventSink events, StopSignal stop) =>
        new() { Folder = Folder, Config = Config, Events = events, Stop = stop, ResumeFrom = ResumeFrom, Info = Info };

    /// <summary>Changes run.json on disk (device, hashes of what was read).</summary>
    public void Describe(Func<RunInfo, RunInfo> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        Info = change(Info);
        Info.Save(Folder);
    }
}

/// <summary>The training code, as the process shell sees it.</summary>
public interface ITrainingEngine
{
    /// <summary>
    /// Does the run: reads model and data, sends <see cref="RunStarted"/>, then a <see cref="TrainingStep"/> per
    /// optimizer step, writes metrics.jsonl and checkpoints, saves the result. Returns how it ended
    /// (<see cref="RunState.Completed"/> or <see cref="RunState.Stopped"/>); the caller sends that result and writes
    /// the final run.json.
    /// </summary>
    /// <exception cref="Core.Errors.TrainToolsException">Anything the user can mend.</exception>
    RunResult Run(RunContext context);
}

/// <summary>A loaded model that answers prompts, as the process shell sees it.</summary>
public interface ITextGenerator : IDisposable
{
    /// <summary>Answers one request: a <see cref="GeneratedText"/>, <see cref="ClassifiedText"/> or <see cref="TaggedText"/>, by the model's head. Stops early, with what it has, when <paramref name="stop"/> says so.</summary>
    TrainerEvent Generate(GenerationRequest request, int index, StopSignal stop);
}

/// <summary>Makes a generator for a model folder.</summary>
public interface ITextGeneratorFactory
{
    /// <summary>Loads a model.</summary>
    /// <param name="modelPath">A Hugging Face model folder, or an adapter folder that names its base model.</param>
    /// <param name="device">auto, cpu, cuda or cuda:n.</param>
    /// <param name="basePath">Folder of an adapter's base; null = the one it names.</param>
    ITextGenerator Load(string modelPath, string device, string? basePath = null);
}
