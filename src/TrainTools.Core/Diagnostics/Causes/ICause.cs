namespace TrainTools.Core.Diagnostics.Causes;

/// <summary>
/// A cause that symptoms may have. It looks at everything the run has shown and says how much speaks for it, in its own
/// words and figures, and what to change.
/// </summary>
internal interface ICause
{
    /// <summary>Stable id (<see cref="CauseIds"/>).</summary>
    string Id { get; }

    /// <summary>What it is, in a few words.</summary>
    string Title { get; }

    /// <summary>How much speaks for it; null where it is excluded.</summary>
    CauseOpinion? Consider(CauseContext context);
}

/// <summary>What a cause says of itself.</summary>
/// <param name="Support">0 (possible, nothing speaks for it) to 1 (the signals show it).</param>
/// <param name="Reason">What speaks for it.</param>
/// <param name="Remedies">What to do.</param>
internal sealed record CauseOpinion(double Support, string Reason, params IReadOnlyList<DiagnosisRemedy> Remedies)
{
    /// <summary>How to make sure.</summary>
    public string? Check { get; init; }
}
