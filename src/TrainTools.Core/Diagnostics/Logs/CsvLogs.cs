namespace TrainTools.Core.Diagnostics.Logs;

/// <summary>Logs as tables: a header of names, then a row a step or an evaluation, with gaps where a column does not apply.</summary>
internal static class CsvLogs
{
    private const string Delimiters = ",;\t";

    /// <summary>Reads a table; rows that are too short or too long for the header are passed over and told.</summary>
    public static TrainingLog Read(string path)
    {
        using var lines = File.ReadLines(path).GetEnumerator();
        var problems = new List<string>();
        var rows = new List<LogRow>();
        if (lines.MoveNext())
        {
            var delimiter = Delimiters.MaxBy(d => lines.Current.Count(c => c == d));
            var names = Split(lines.Current.TrimStart('\uFEFF'), delimiter);
            var columns = ChartColumns.Plain(names, path, problems);
            var (number, bad, firstBad) = (1, 0, 0);
            while (lines.MoveNext())
            {
                number++;
                if (lines.Current.Length == 0)
                {
                    continue;
                }

                var cells = Split(lines.Current, delimiter);
                if (cells.Length != names.Length)
                {
                    bad++;
                    firstBad = firstBad == 0 ? number : firstBad;
                    continue;
                }

                var row = new LogRow();
                for (var i = 0; i < names.Length; i++)
                {
                    if (columns[i] is not { } column)
                    {
                        continue;
                    }

                    // Where semicolons part the cells, the comma may be the decimal sign (spreadsheets outside English).
                    row.SetText(column, delimiter == ';' ? cells[i].Replace(',', '.') : cells[i]);
                }

                rows.Add(row);
            }

            if (bad > 0)
            {
                problems.Add($"{(bad == 1 ? "One line has" : $"{bad} lines have")} another number of columns than the header's {names.Length} (line {firstBad}{(bad > 1 ? " first" : string.Empty)}); {rows.Count} rows were read.");
            }
        }

        return LogAssembly.Make(path, "CSV", rows, problems);
    }

    // Names and numbers: a quoted cell may hold the delimiter, nothing holds a line end.
    private static string[] Split(string line, char delimiter)
    {
        var cells = new List<string>();
        var cell = new System.Text.StringBuilder();
        var quoted = false;
        foreach (var c in line)
        {
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == delimiter && !quoted)
            {
                cells.Add(cell.ToString().Trim());
                cell.Clear();
            }
            else
            {
                cell.Append(c);
            }
        }

        cells.Add(cell.ToString().Trim());
        return [.. cells];
    }
}
