using System.Globalization;

namespace TrainTools.Bench.Cleaning;

/// <summary>Prints a table whose first columns are text and whose others are figures; Markdown, so that it can go into a document as it is.</summary>
internal sealed class Table(int textColumns, params string[] header)
{
    private readonly List<string[]> _rows = [];

    public void Add(params ReadOnlySpan<object?> cells)
    {
        var row = new string[cells.Length];
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = Format(cells[i]);
        }

        _rows.Add(row);
    }

    public void Print()
    {
        var widths = Enumerable.Range(0, header.Length).Select(c => _rows.Append(header).Max(r => r[c].Length)).ToArray();
        Line(header);
        Console.WriteLine("|" + string.Join('|', widths.Select((w, c) => c < textColumns ? new string('-', w + 2) : new string('-', w + 1) + ":")) + "|");
        _rows.ForEach(Line);
        Console.WriteLine();

        void Line(string[] cells) => Console.WriteLine("| " + string.Join(" | ", cells.Select((cell, c) => c < textColumns ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))) + " |");
    }

    private static string Format(object? cell) => cell switch
    {
        null => "",
        double number when double.IsNaN(number) => "",
        double number => number.ToString(number >= 100 ? "N0" : number >= 10 ? "0.0" : "0.000", CultureInfo.InvariantCulture),
        IFormattable whole when cell is int or long => whole.ToString("N0", CultureInfo.InvariantCulture),
        _ => cell.ToString()!,
    };
}
