using System.Globalization;

namespace TrainTools.Core.Diagnostics;

/// <summary>Figures in the texts of diagnoses: three digits, the same in every culture.</summary>
internal static class Figure
{
    /// <summary>A number ("1.83", "412", "0.0312", "2.5e-5").</summary>
    public static string Of(double value)
    {
        var size = Math.Abs(value);
        return size switch
        {
            _ when !double.IsFinite(value) => double.IsNaN(value) ? "NaN" : value > 0 ? "infinity" : "-infinity",
            0 => "0",
            >= 1e6 => value.ToString("0.##e+0", CultureInfo.InvariantCulture),
            >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
            >= 10 => value.ToString("0.#", CultureInfo.InvariantCulture),
            >= 1 => value.ToString("0.##", CultureInfo.InvariantCulture),
            >= 0.1 => value.ToString("0.###", CultureInfo.InvariantCulture),
            >= 0.01 => value.ToString("0.####", CultureInfo.InvariantCulture),
            >= 0.001 => value.ToString("0.#####", CultureInfo.InvariantCulture),
            _ => value.ToString("0.##e-0", CultureInfo.InvariantCulture),
        };
    }

    /// <summary>A share ("3.2 %").</summary>
    public static string Percent(double share) => Of(100 * share) + " %";

    /// <summary>A factor ("2.5 times").</summary>
    public static string Times(double factor) => Of(factor) + " times";

    /// <summary>Record indexes, the first eight.</summary>
    public static string Records(IReadOnlyList<long> records) =>
        string.Join(", ", records.Take(8).Select(r => r.ToString(CultureInfo.InvariantCulture))) + (records.Count > 8 ? ", …" : string.Empty);
}
