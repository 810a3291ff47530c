using TrainTools.Core.Errors;

namespace TrainTools.Core.Diagnostics.Logs;

/// <summary>
/// Columns of a chart that Weights &amp; Biases exports as CSV: the x axis ("Step", "train/global_step"), then for each run
/// and figure three, "quiet-lake-3 - train/loss" and the same with "__MIN" and "__MAX" (ends of what a point stands for).
/// </summary>
internal static class ChartColumns
{
    private const string Between = " - ";
    private static readonly string[] Ends = ["__MIN", "__MAX"];

    /// <summary>The names without the run's, null for columns that are not read; other tables' names as they are.</summary>
    /// <param name="names">Names of the header.</param>
    /// <param name="path">The table.</param>
    /// <param name="problems">Takes a word on what is not read.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.TrainingLogInvalid"/>: there are several runs in it.</exception>
    public static string?[] Plain(string[] names, string path, List<string> problems)
    {
        if (!names.Any(n => Array.Exists(Ends, e => n.EndsWith(e, StringComparison.Ordinal) && n.Contains(Between, StringComparison.Ordinal))))
        {
            return names;
        }

        var plain = new string?[names.Length];
        var runs = new List<string>();
        for (var i = 0; i < names.Length; i++)
        {
            if (Array.Exists(Ends, e => names[i].EndsWith(e, StringComparison.Ordinal)))
            {
                continue;
            }

            // A run may have the mark in its own name; figures do not.
            var at = names[i].LastIndexOf(Between, StringComparison.Ordinal);
            plain[i] = at < 0 ? names[i] : names[i][(at + Between.Length)..];
            if (at >= 0 && !runs.Contains(names[i][..at]))
            {
                runs.Add(names[i][..at]);
            }
        }

        if (runs.Count > 1)
        {
            throw new TrainToolsException(
                ErrorIds.TrainingLogInvalid, ErrorKind.InvalidData, $"{path} holds {runs.Count} runs in one table: {string.Join(", ", runs.Take(5))}{(runs.Count > 5 ? ", …" : string.Empty)}.",
                "Export the chart with one run shown alone, or keep the columns of one run only.", path);
        }

        if (runs is [['G', 'r', 'o', 'u', 'p', ':', ..] group])
        {
            problems.Add($"The figures are means over the runs of a group ({group}): what happened in one of them may not be seen.");
        }

        return plain;
    }
}
