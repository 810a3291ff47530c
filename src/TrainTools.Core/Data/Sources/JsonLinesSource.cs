namespace TrainTools.Core.Data.Sources;

/// <summary>One JSON object a line; blank lines are skipped.</summary>
internal sealed class JsonLinesSource(StreamBuffer buffer, int maxLineBytes) : IRowSource
{
    public IEnumerable<SourceRow> Read()
    {
        var lines = new LineReader(buffer, maxLineBytes);
        while (lines.TryRead(out var line))
        {
            if (line.Problem is not null)
            {
                yield return SourceRow.Bad(line.Number, line.Problem);
            }
            else if (!IsBlank(line.Bytes.Span))
            {
                yield return new SourceRow(line.Number, line.Bytes, null);
            }
        }

        if (buffer.Fault is not null)
        {
            yield return SourceRow.Bad(lines.Number + 1, buffer.Fault);
        }
    }

    internal static bool IsBlank(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept(" \t\r\n"u8) < 0;
}
