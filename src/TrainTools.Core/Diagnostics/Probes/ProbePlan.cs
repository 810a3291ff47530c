using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Probes;

/// <summary>What a probe tries.</summary>
public enum ProbeKind
{
    /// <summary>Goes on from the last good checkpoint at several lower learning rates (<see cref="RateSearch"/>): if the loss is lower at one of them, it was the rate.</summary>
    LowerLearningRate,

    /// <summary>Goes on at several higher learning rates: if the loss falls faster at one of them, the rate was too low.</summary>
    HigherLearningRate,

    /// <summary>Does the steps in question again in fp32: what is finite there was the number format's fault, what is not is the data's.</summary>
    ReplayInFp32,

    /// <summary>Trains on one batch alone: a sound set-up learns it by heart.</summary>
    OneBatch,
}

/// <summary>A short training that confirms a cause or rules it out.</summary>
public sealed record ProbePlan
{
    /// <summary>Diagnosis it is about.</summary>
    public required string DiagnosisId { get; init; }

    /// <summary>Cause it is about (<see cref="CauseIds"/>).</summary>
    public required string Cause { get; init; }

    /// <summary>What it tries.</summary>
    public required ProbeKind Kind { get; init; }

    /// <summary>Settings of the branch, without an output folder.</summary>
    public required TrainingConfig Config { get; init; }

    /// <summary>Checkpoint it goes on from; null = from the beginning.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>Step after which it begins.</summary>
    public int FromStep { get; init; }

    /// <summary>Learning rate the run had at the steps of the branch; 0 where the probe is not about the rate.</summary>
    public double RunRate { get; init; }

    /// <summary>Peak learning rate of the run's schedule: what the setting learning_rate is about.</summary>
    public double PeakRate { get; init; }

    /// <summary>Learning rate that is tried first.</summary>
    public double FirstRate { get; init; }

    /// <summary>Whether several learning rates are tried.</summary>
    public bool IsSearch => Kind is ProbeKind.LowerLearningRate or ProbeKind.HigherLearningRate;

    /// <summary>The branch at a learning rate.</summary>
    public ProbePlan At(double rate) => this with { Config = Config with { Optimization = Config.Optimization with { LearningRate = rate } } };

    /// <summary>First and last step in question (<see cref="ProbeKind.ReplayInFp32"/>).</summary>
    public (int First, int Last) Window { get; init; }

    /// <summary>Records of the batch (<see cref="ProbeKind.OneBatch"/>); 0 = the run's own data.</summary>
    public int BatchRecords { get; init; }
}

/// <summary>What came of a probe.</summary>
public sealed record ProbeResult
{
    /// <summary>What was tried.</summary>
    public required ProbeKind Kind { get; init; }

    /// <summary>Cause it was about.</summary>
    public required string Cause { get; init; }

    /// <summary>Whether the cause was confirmed; null where the probe does not tell.</summary>
    public bool? Confirmed { get; init; }

    /// <summary>What was seen, with figures.</summary>
    public required string Summary { get; init; }

    /// <summary>The learning rates tried and what came of each, the lowest first; empty where the probe was not about the rate.</summary>
    public IReadOnlyList<RateTrial> Rates { get; init; } = [];

    /// <summary>What follows from what was measured; null where nothing does.</summary>
    public DiagnosisRemedy? Remedy { get; init; }

    /// <summary>Run folder of the branch.</summary>
    public string? RunPath { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{(Confirmed switch { true => "confirmed", false => "not confirmed", _ => "open" })}: {Summary}";
}
