using System.Text.Json.Serialization;
using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics;

/// <summary>
/// What is wrong with a run (or worth knowing about it), from what it is concluded, why it probably is so and what to
/// change. It is raised when its symptom begins and closed when the symptom ends.
/// </summary>
public sealed record Diagnosis
{
    /// <summary>Names this diagnosis within its run ("LossSpike-2").</summary>
    public required string Id { get; init; }

    /// <summary>Stable id of the symptom (<see cref="Symptoms"/>).</summary>
    public required string Symptom { get; init; }

    /// <summary>How much it matters.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>First step at which the symptom was seen.</summary>
    public int FirstStep { get; init; }

    /// <summary>Last step at which it was seen.</summary>
    public int LastStep { get; init; }

    /// <summary>Step at which there was enough evidence to say so.</summary>
    public int RaisedAtStep { get; init; }

    /// <summary>Step at which the symptom had ended; null while it is there.</summary>
    public int? ClosedAtStep { get; init; }

    /// <summary>Whether the symptom is still there.</summary>
    [JsonIgnore]
    public bool IsOpen => ClosedAtStep is null;

    /// <summary>What is seen, in one or two sentences with the figures.</summary>
    public required string Summary { get; init; }

    /// <summary>The figures, each with its window and threshold.</summary>
    public IReadOnlyList<DiagnosisEvidence> Evidence { get; init; } = [];

    /// <summary>Possible causes, the likeliest first.</summary>
    public IReadOnlyList<DiagnosisCause> Causes { get; init; } = [];

    /// <summary>Indexes of the training records involved; empty where none can be named.</summary>
    public IReadOnlyList<long> Records { get; init; } = [];

    /// <summary>Id of the diagnosis that explains this one; null where it stands for itself.</summary>
    public string? SuppressedBy { get; init; }

    /// <summary>What a probe of its cause came to; null where none was made.</summary>
    public Probes.ProbeResult? Probe { get; init; }

    /// <summary>Whether it stands for itself: another diagnosis does not explain it.</summary>
    [JsonIgnore]
    public bool IsRoot => SuppressedBy is null;

    /// <summary>The likeliest cause; null where none is known.</summary>
    [JsonIgnore]
    public DiagnosisCause? Cause => Causes.Count > 0 ? Causes[0] : null;

    /// <summary>The likeliest cause's first remedy; null where there is none.</summary>
    [JsonIgnore]
    public DiagnosisRemedy? Remedy => Cause?.Remedies is [var first, ..] ? first : null;

    /// <summary>The diagnosis in a few sentences: what is seen, the likeliest cause, what to do.</summary>
    public string Describe()
    {
        var text = $"{SymptomCatalog.Get(Symptom).Title} (step {FirstStep}): {Summary}";
        if (Cause is { } cause && IsOpen)
        {
            text += $" Likely cause: {cause.Title}. {cause.Reason}";
        }

        if (Remedy is { } remedy && IsOpen)
        {
            text += $" {remedy.Text}{(remedy.Changes.Count > 0 ? $" [{string.Join("; ", remedy.Changes)}]" : string.Empty)}";
        }

        return text;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Severity}: {Symptom}: {Summary}";
}

/// <summary>One figure that a diagnosis rests on.</summary>
/// <param name="Signal">What was measured ("loss", "grad_norm", "eval_loss", …).</param>
/// <param name="Value">The figure.</param>
/// <param name="Threshold">The bound it crossed; null where the figure is only context.</param>
/// <param name="FirstStep">First step of the window it was measured over.</param>
/// <param name="LastStep">Last step of that window.</param>
/// <param name="Text">The same for people.</param>
public sealed record DiagnosisEvidence(string Signal, double Value, double? Threshold, int FirstStep, int LastStep, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>A possible cause.</summary>
public sealed record DiagnosisCause
{
    /// <summary>Stable id (<see cref="CauseIds"/>).</summary>
    public required string Id { get; init; }

    /// <summary>What it is, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>Its share of the weight of all causes considered, 0 to 1: a ranking, not a probability.</summary>
    public required double Score { get; init; }

    /// <summary>What in this run speaks for it.</summary>
    public required string Reason { get; init; }

    /// <summary>How to make sure; null where the evidence says it all.</summary>
    public string? Check { get; init; }

    /// <summary>What to do about it, the first choice first.</summary>
    public IReadOnlyList<DiagnosisRemedy> Remedies { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => $"{Title}: {Reason}";
}

/// <summary>Something to do about a cause.</summary>
public sealed record DiagnosisRemedy
{
    /// <summary>What to do, in one sentence.</summary>
    public required string Text { get; init; }

    /// <summary>The same as changes of settings; empty where it is not a matter of settings.</summary>
    public IReadOnlyList<RemedyChange> Changes { get; init; } = [];

    /// <summary>Whether it may be applied to a running run without asking: it costs little and cannot lose what was learnt.</summary>
    public bool IsSafe { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>A concrete change of a setting.</summary>
/// <param name="Setting">YAML name.</param>
/// <param name="OldValue">Value of the run, as YAML writes it; null if it is not known or was not set.</param>
/// <param name="NewValue">Value proposed, as YAML writes it.</param>
public sealed record RemedyChange(string Setting, string? OldValue, string NewValue)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Setting}: {OldValue ?? "(unknown)"} → {NewValue}";
}

/// <summary>What happened to a diagnosis.</summary>
public enum DiagnosisChange
{
    /// <summary>It is new.</summary>
    Raised,

    /// <summary>Its severity, its records or what explains it is another.</summary>
    Changed,

    /// <summary>Its symptom has ended.</summary>
    Closed,
}

/// <summary>A diagnosis and what happened to it.</summary>
/// <param name="Change">What happened.</param>
/// <param name="Diagnosis">The diagnosis as it is now.</param>
public readonly record struct DiagnosisUpdate(DiagnosisChange Change, Diagnosis Diagnosis);
