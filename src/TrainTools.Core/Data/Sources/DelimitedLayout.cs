using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace TrainTools.Core.Data.Sources;

/// <summary>Columns of a CSV or TSV file.</summary>
/// <param name="Delimiter">Separator.</param>
/// <param name="HasHeader">Whether the first row names the columns.</param>
/// <param name="Columns">Their names.</param>
internal sealed partial record DelimitedLayout(byte Delimiter, bool HasHeader, IReadOnlyList<string> Columns)
{
    private const int SampleRows = 200;

    /// <summary>Finds the layout from the first bytes of a file.</summary>
    public static DelimitedLayout Infer(ReadOnlySpan<byte> sample, bool whole, bool tabs, DatasetReaderOptions options)
    {
        var delimiter = tabs ? (byte)'\t' : options.Delimiter is { } given ? (byte)given : Delimiters(sample, whole);
        var rows = Rows(sample, whole, delimiter);
        var first = rows.Count > 0 ? rows[0] : [];
        var header = options.Header switch
        {
            HeaderMode.Yes => true,
            HeaderMode.No => false,
            _ => options.ColumnNames.Count == 0 && LooksLikeHeader(rows, options),
        };
        var names = options.ColumnNames.Count > 0 ? options.ColumnNames
            : header ? Unique(first)
            : Guess(rows, first.Length, options);
        return new DelimitedLayout(delimiter, header, names);
    }

    /// <summary>The first rows of a sample, as strings; the last one only if it is whole.</summary>
    public static List<string[]> Rows(ReadOnlySpan<byte> sample, bool whole, byte delimiter)
    {
        var rows = new List<string[]>();
        var fields = new List<FieldSlice>();
        while (!sample.IsEmpty && rows.Count < SampleRows)
        {
            var outcome = DelimitedRow.Read(sample, whole, delimiter, fields, out var consumed);
            if (outcome == RowOutcome.NeedsMore)
            {
                break;
            }

            if (outcome == RowOutcome.Complete && !(fields.Count == 1 && fields[0].Length == 0))
            {
                var row = new string[fields.Count];
                for (var i = 0; i < row.Length; i++)
                {
                    row[i] = Encoding.UTF8.GetString(DelimitedRow.Content(sample, fields[i]));
                }

                rows.Add(row);
            }

            sample = sample[consumed..];
        }

        return rows;
    }

    /// <summary>Share of rows with the most frequent number of columns, and that number.</summary>
    public static (double Share, int Columns) Consistency(List<string[]> rows)
    {
        if (rows.Count == 0)
        {
            return (0, 0);
        }

        var best = rows.GroupBy(r => r.Length).OrderByDescending(g => g.Count()).ThenByDescending(g => g.Key).First();
        return ((double)best.Count() / rows.Count, best.Key);
    }

    private static byte Delimiters(ReadOnlySpan<byte> sample, bool whole)
    {
        var best = (byte)',';
        var bestScore = -1.0;
        foreach (var candidate in ",;|"u8)
        {
            var (share, columns) = Consistency(Rows(sample, whole, candidate));
            var score = columns > 1 ? share : 0;
            if (score > bestScore)
            {
                best = candidate;
                bestScore = score;
            }
        }

        return best;
    }

    private static bool LooksLikeHeader(List<string[]> rows, DatasetReaderOptions options)
    {
        if (rows.Count == 0)
        {
            return false;
        }

        var first = rows[0];
        if (first.Any(cell => KnownFields.IsKnown(cell, options)))
        {
            return true;
        }

        return first.All(cell => Identifier().IsMatch(cell))
            && !first.Where((cell, column) => rows.Skip(1).Any(r => column < r.Length && r[column] == cell)).Any();
    }

    /// <summary>Two columns of which one has few short values are a label and a text; anything else is numbered.</summary>
    private static string[] Guess(List<string[]> rows, int columns, DatasetReaderOptions options)
    {
        if (columns == 2)
        {
            var whole = rows.Where(r => r.Length == 2).ToList();
            var labels = Enumerable.Range(0, 2).Where(c => IsLabelColumn(whole, c)).ToList();
            if (labels.Count == 1)
            {
                return labels[0] == 0 ? [options.LabelField, options.TextField] : [options.TextField, options.LabelField];
            }
        }

        return [.. Enumerable.Range(1, columns).Select(i => string.Create(CultureInfo.InvariantCulture, $"column{i}"))];
    }

    private static bool IsLabelColumn(List<string[]> rows, int column)
    {
        var values = rows.Select(r => r[column]).ToHashSet(StringComparer.Ordinal);
        return values.Count <= Math.Max(2, rows.Count / 5) && values.All(v => v.Length is > 0 and <= 60);
    }

    private static string[] Unique(string[] header)
    {
        var names = new string[header.Length];
        for (var i = 0; i < header.Length; i++)
        {
            var name = header[i].Trim();
            names[i] = name.Length == 0 || names.Take(i).Contains(name, StringComparer.Ordinal)
                ? string.Create(CultureInfo.InvariantCulture, $"{name}column{i + 1}")
                : name;
        }

        return names;
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_.-]{0,39}$")]
    private static partial Regex Identifier();
}
