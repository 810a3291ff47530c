using System.Globalization;

namespace TrainTools.Core.Diagnostics.Logs;

/// <summary>One entry of a log: figures by the names the log gives them.</summary>
internal sealed class LogRow
{
    private readonly Dictionary<string, double> values = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyDictionary<string, double> Values => values;

    public double? this[string name] => values.TryGetValue(name, out var value) ? value : null;

    public void Set(string name, double value) => values[name] = value;

    /// <summary>Takes a figure written as text; what is no figure ("0:10:03", "") is left out.</summary>
    public void SetText(string name, string text)
    {
        if (TryParse(text, out var value))
        {
            values[name] = value;
        }
    }

    /// <summary>The first of several names that the row has.</summary>
    public double? First(ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (values.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return null;
    }

    private static bool TryParse(string text, out double value)
    {
        (var known, value) = text.Trim().ToLowerInvariant() switch
        {
            "nan" => (true, double.NaN),
            "inf" or "infinity" or "+inf" => (true, double.PositiveInfinity),
            "-inf" or "-infinity" => (true, double.NegativeInfinity),
            _ => (false, 0),
        };
        return known || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }
}
