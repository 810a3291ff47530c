using System.Globalization;
using TrainTools.Core.Configuration;

namespace TrainTools.Core.Samples.Labels;

/// <summary>The labels of a task in the order of the model's scores, and what they are.</summary>
public sealed class LabelSet
{
    private readonly Dictionary<string, int> ids;
    private readonly bool takesNumbers;

    /// <summary>Makes the set.</summary>
    /// <param name="names">Names, each once; for a regression a single one.</param>
    /// <param name="problem">What they are; null for tags of words.</param>
    public LabelSet(IReadOnlyList<string> names, ProblemType? problem = null)
    {
        ArgumentNullException.ThrowIfNull(names);
        Names = names;
        Problem = problem;
        ids = names.Select((name, id) => (name, id)).ToDictionary(p => p.name, p => p.id, StringComparer.Ordinal);

        // Data sets that keep class numbers are read by the names' places, unless the names are numbers themselves.
        takesNumbers = !names.Any(IsWholeNumber);
    }

    /// <summary>Names in the order of the scores.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Whether a text has one label, several or a number; null for tags of words.</summary>
    public ProblemType? Problem { get; }

    /// <summary>Why it is not the set that the model had; null if it is, or the model had none.</summary>
    public string? Note { get; init; }

    /// <summary>Number of a label, by its name or, where no name is a number, by the number itself; -1 = it is none.</summary>
    public int Find(string label)
    {
        ArgumentNullException.ThrowIfNull(label);
        return ids.TryGetValue(label, out var id) ? id
            : takesNumbers && int.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < Names.Count ? number
            : -1;
    }

    /// <summary>Names in the order a set made of data has: numbers by value, else by their characters.</summary>
    internal static IReadOnlyList<string> Sort(IEnumerable<string> names)
    {
        var all = names.ToList();
        return all.TrueForAll(IsWholeNumber)
            ? [.. all.OrderBy(n => long.Parse(n, CultureInfo.InvariantCulture))]
            : [.. all.Order(StringComparer.Ordinal)];
    }

    /// <summary>Whether a label is written as a whole number.</summary>
    internal static bool IsWholeNumber(string label) => long.TryParse(label, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    /// <summary>Whether a label is written as a finite number.</summary>
    internal static bool IsNumber(string label, out double value) =>
        double.TryParse(label, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
}
