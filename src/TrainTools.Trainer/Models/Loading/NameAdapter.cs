namespace TrainTools.Trainer.Models.Loading;

/// <summary>
/// Maps the names in checkpoints to the names of a family's modules: checkpoints of the base model lack its prefix, old
/// ones use other names or carry buffers that are no parameters.
/// </summary>
/// <param name="basePrefix">Name of the base model inside a model with a head, with the dot: "model.".</param>
internal sealed class NameAdapter(string basePrefix)
{
    /// <summary>Endings of names that are buffers, not parameters: computed anew, so left aside.</summary>
    public IReadOnlyList<string> BufferSuffixes { get; init; } = [];

    /// <summary>Replacements of old endings by today's, such as .gamma by .weight.</summary>
    public IReadOnlyList<(string Old, string New)> OldSuffixes { get; init; } = [];

    /// <summary>Beginnings of names that belong to other heads of the family; a task without that head leaves them aside.</summary>
    public IReadOnlyList<string> HeadPrefixes { get; init; } = [];

    /// <summary>The name of the base model inside a model with a head, with the dot.</summary>
    public string BasePrefix { get; } = basePrefix;

    /// <summary>The module name for a checkpoint's name; null where it is left aside; the name itself where it is unknown.</summary>
    /// <param name="name">Name in the file.</param>
    /// <param name="declared">Names the model declares.</param>
    /// <param name="aliases">Names of tied copies: the name they are read as, or null to leave them aside.</param>
    public string? Adapt(string name, IReadOnlySet<string> declared, IReadOnlyDictionary<string, string?> aliases)
    {
        if (aliases.TryGetValue(name, out string? alias))
        {
            return alias;
        }

        if (declared.Contains(name))
        {
            return name;
        }

        if (BufferSuffixes.Any(s => name.EndsWith(s, StringComparison.Ordinal)))
        {
            return null;
        }

        foreach (var (old, today) in OldSuffixes)
        {
            if (name.EndsWith(old, StringComparison.Ordinal))
            {
                name = name[..^old.Length] + today;
            }
        }

        if (declared.Contains(name))
        {
            return name;
        }

        if (declared.Contains(BasePrefix + name))
        {
            return BasePrefix + name;
        }

        // Only a head that this task does not have is left aside; a stray tensor in its own head is an error.
        bool otherHead = HeadPrefixes.Any(p => name.StartsWith(p, StringComparison.Ordinal)
            && !declared.Concat(aliases.Keys).Any(d => d.StartsWith(p, StringComparison.Ordinal)));
        return otherHead ? null : name;
    }
}
