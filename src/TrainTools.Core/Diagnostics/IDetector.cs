using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics;

/// <summary>
/// Watches for one symptom. It is called after each logged step, after each evaluation, when memory runs out and at the end, with the newest
/// point already in the history; it answers when the symptom has begun, has changed or has ended, and null otherwise.
/// </summary>
public interface IDetector
{
    /// <summary>The symptom it watches for (<see cref="Symptoms"/>).</summary>
    string Symptom { get; }

    /// <summary>Called after each logged step.</summary>
    Sighting? OnStep(RunHistory history) => null;

    /// <summary>Called after each evaluation.</summary>
    Sighting? OnEvaluation(RunHistory history) => null;

    /// <summary>Called when memory ran out.</summary>
    Sighting? OnMemoryShortage(RunHistory history) => null;

    /// <summary>Called once when the run has ended.</summary>
    Sighting? OnEnd(RunHistory history) => null;

    /// <summary>The run was taken back to an earlier step: forgets what it has seen.</summary>
    void Reset()
    {
    }
}

/// <summary>What a detector sees.</summary>
public sealed record Sighting
{
    /// <summary>Whether the symptom is there; false closes its diagnosis.</summary>
    public bool IsPresent { get; init; } = true;

    /// <summary>How much it matters.</summary>
    public FindingSeverity Severity { get; init; } = FindingSeverity.Warning;

    /// <summary>First step at which it was there; 0 = now.</summary>
    public int FirstStep { get; init; }

    /// <summary>What is seen, with figures.</summary>
    public string Summary { get; init; } = string.Empty;

    /// <summary>The figures one by one.</summary>
    public IReadOnlyList<DiagnosisEvidence> Evidence { get; init; } = [];

    /// <summary>Records involved.</summary>
    public IReadOnlyList<long> Records { get; init; } = [];

    /// <summary>The symptom has ended.</summary>
    /// <param name="summary">How, added to the diagnosis' summary.</param>
    public static Sighting Ended(string summary) => new() { IsPresent = false, Summary = summary };
}
