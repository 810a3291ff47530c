using System.Globalization;

namespace TrainTools.Core.Configuration;

/// <summary>Figures for people, the same in every culture.</summary>
internal static class ConfigText
{
    /// <summary>A large count in three digits ("7.2 B", "260 k").</summary>
    public static string Count(double count) => count switch
    {
        >= 999.5e9 => Three(count / 1e12) + " T",
        >= 999.5e6 => Three(count / 1e9) + " B",
        >= 999.5e3 => Three(count / 1e6) + " M",
        >= 10_000 => Three(count / 1e3) + " k",
        _ => count.ToString("0", CultureInfo.InvariantCulture),
    };

    /// <summary>A size ("1.5 GB"), in powers of 1024.</summary>
    public static string Bytes(double bytes) => bytes switch
    {
        >= 1L << 40 => Three(bytes / (1L << 40)) + " TB",
        >= 1L << 30 => Three(bytes / (1L << 30)) + " GB",
        >= 1L << 20 => Three(bytes / (1L << 20)) + " MB",
        >= 1L << 10 => Three(bytes / (1L << 10)) + " kB",
        _ => bytes.ToString("0", CultureInfo.InvariantCulture) + " B",
    };

    /// <summary>A number as people write it ("2e-5", "0.01", "3").</summary>
    public static string Number(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var e = text.IndexOf('E', StringComparison.Ordinal);
        return e < 0 ? text : text[..e] + "e" + int.Parse(text[(e + 1)..], CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>"1 record", "2 records".</summary>
    public static string Plural(long count, string noun) => FormattableString.Invariant($"{count} {noun}{(count == 1 ? string.Empty : "s")}");

    /// <summary>A share ("7.5 %").</summary>
    public static string Percent(double share) => (100 * share).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    /// <summary>A text of at most 80 characters on one line.</summary>
    public static string Shorten(string text)
    {
        var line = text.ReplaceLineEndings("\\n");
        return line.Length <= 80 ? line : line[..77] + "...";
    }

    private static string Three(double value) => value.ToString(value >= 100 ? "0" : value >= 10 ? "0.#" : "0.##", CultureInfo.InvariantCulture);
}
