namespace TrainTools.Core.Configuration;

/// <summary>Whose argument file it is.</summary>
public enum ArgumentFormat
{
    /// <summary>Found by its keys.</summary>
    Auto,

    /// <summary>Our own.</summary>
    TrainTools,

    /// <summary>transformers' TrainingArguments (JSON or YAML) and the files of TRL's commands.</summary>
    Transformers,

    /// <summary>Axolotl.</summary>
    Axolotl,

    /// <summary>LLaMA-Factory.</summary>
    LlamaFactory,
}

/// <summary>What became of an argument that has no exact counterpart.</summary>
public enum ImportOutcome
{
    /// <summary>The file leaves it out, and the other tool's default was taken, so that the run stays what it was there.</summary>
    Default,

    /// <summary>It became a setting that means nearly the same, or that needs a look.</summary>
    Approximated,

    /// <summary>It says how or where to compute, not what: it has no bearing on the result here.</summary>
    Ignored,

    /// <summary>It changes the training and has no counterpart: the run will differ.</summary>
    NotMapped,
}

/// <summary>One argument of another tool's file and what became of it.</summary>
/// <param name="Key">The argument, inner keys after dots.</param>
/// <param name="Value">Its value.</param>
/// <param name="Line">Its line in the file; 0 for a default.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reason">Why, or what to do.</param>
public sealed record ImportNote(string Key, string Value, long Line, ImportOutcome Outcome, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Outcome}: {Key} = {Value}: {Reason}";
}

/// <summary>A config read from a file, and whatever of the file is not in it.</summary>
/// <param name="Config">The config.</param>
/// <param name="Format">Whose file it was.</param>
/// <param name="Notes">Arguments without an exact counterpart; empty for our own files. Arguments that are switched off (null, false, 0, none) are left out.</param>
public sealed record ImportedConfig(TrainingConfig Config, ArgumentFormat Format, IReadOnlyList<ImportNote> Notes)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Format}: {Config}";
}
