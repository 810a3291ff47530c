using System.Buffers;

namespace TrainTools.Core.Data.Sources;

/// <summary>Plain text, a record a line, a paragraph or a file.</summary>
internal sealed class TextSource(StreamBuffer buffer, DatasetReaderOptions options) : IRowSource
{
    public IEnumerable<SourceRow> Read()
    {
        using var row = new RowWriter();
        var lines = new LineReader(buffer, options.MaxLineBytes);
        var text = new ArrayBufferWriter<byte>();
        long first = 0;
        while (lines.TryRead(out var line))
        {
            if (line.Problem is not null)
            {
                yield return SourceRow.Bad(line.Number, line.Problem);
                continue;
            }

            var blank = JsonLinesSource.IsBlank(line.Bytes.Span);
            if (text.WrittenCount > 0 && (options.TextUnit == TextUnit.Line || (options.TextUnit == TextUnit.Paragraph && blank)))
            {
                yield return Row(row, text, first);
            }

            if (blank && (options.TextUnit != TextUnit.Document || text.WrittenCount == 0))
            {
                continue;
            }

            if (text.WrittenCount == 0)
            {
                first = line.Number;
            }
            else
            {
                text.Write("\n"u8);
            }

            text.Write(line.Bytes.Span);
        }

        if (text.WrittenCount > 0)
        {
            yield return Row(row, text, first);
        }

        if (buffer.Fault is not null)
        {
            yield return SourceRow.Bad(lines.Number + 1, buffer.Fault);
        }
    }

    private SourceRow Row(RowWriter row, ArrayBufferWriter<byte> text, long line)
    {
        row.Begin().WriteString(options.TextField, text.WrittenSpan);
        text.ResetWrittenCount();
        return new SourceRow(line, row.End(), null);
    }
}
