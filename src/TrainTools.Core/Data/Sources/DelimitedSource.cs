using System.Globalization;

namespace TrainTools.Core.Data.Sources;

/// <summary>CSV or TSV rows as objects whose fields are the columns. Line breaks inside quotes are part of the field (CSV).</summary>
internal sealed class DelimitedSource(StreamBuffer buffer, DelimitedLayout layout, int maxRowBytes) : IRowSource
{
    /// <summary>A quoted field longer than this many bytes over line ends is taken for a forgotten quote.</summary>
    private const int MaxQuotedBytes = 16 * 1024 * 1024;

    private readonly List<FieldSlice> _fields = [];

    public IEnumerable<SourceRow> Read()
    {
        using var writer = new RowWriter();
        long line = 1;
        var header = layout.HasHeader;
        while (true)
        {
            var outcome = Next(out var consumed);
            if (consumed == 0)
            {
                break;
            }

            if (outcome == RowOutcome.Complete && header)
            {
                header = false;
            }
            else if (!JsonLinesSource.IsBlank(buffer.Span[..consumed]))
            {
                yield return Row(writer, line, outcome, buffer.Span[..consumed]);
            }

            line += buffer.Span[..consumed].Count((byte)'\n');
            buffer.Consume(consumed);
        }

        if (buffer.Fault is not null)
        {
            yield return SourceRow.Bad(line, buffer.Fault);
        }
    }

    private RowOutcome Next(out int consumed)
    {
        while (true)
        {
            if (!buffer.Span.IsEmpty)
            {
                var atEnd = buffer.AtEnd && buffer.Fault is null;
                var outcome = DelimitedRow.Read(buffer.Span, atEnd, layout.Delimiter, _fields, out consumed);
                if (outcome != RowOutcome.NeedsMore)
                {
                    return outcome;
                }

                if (buffer.Span.Length > Math.Min(maxRowBytes, MaxQuotedBytes) && buffer.Span.Contains((byte)'\n'))
                {
                    consumed = buffer.Span.IndexOf((byte)'\n') + 1;
                    return RowOutcome.UnclosedQuote;
                }
            }

            if (!buffer.Fill())
            {
                if (buffer.Fault is not null || buffer.Span.IsEmpty)
                {
                    consumed = 0;
                    return RowOutcome.NeedsMore;
                }
            }
        }
    }

    private SourceRow Row(RowWriter writer, long line, RowOutcome outcome, ReadOnlySpan<byte> row)
    {
        switch (outcome)
        {
            case RowOutcome.UnclosedQuote:
                return SourceRow.Bad(line, "a quote that is opened and never closed");
            case RowOutcome.TextAfterQuote:
                return SourceRow.Bad(line, "text after a closing quote, or a quote that was never closed");
        }

        if (LineReader.Check(row) is { } problem)
        {
            return SourceRow.Bad(line, problem);
        }

        if (_fields.Count != layout.Columns.Count)
        {
            return SourceRow.Bad(line, string.Create(
                CultureInfo.InvariantCulture, $"{_fields.Count} columns where {layout.Columns.Count} are expected"));
        }

        var json = writer.Begin();
        for (var i = 0; i < _fields.Count; i++)
        {
            json.WriteString(layout.Columns[i], DelimitedRow.Content(row, _fields[i]));
        }

        return new SourceRow(line, writer.End(), null);
    }
}
