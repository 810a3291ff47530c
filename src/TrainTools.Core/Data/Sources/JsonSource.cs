using System.Globalization;

namespace TrainTools.Core.Data.Sources;

/// <summary>The objects of a JSON array, or objects one after another, read one at a time.</summary>
internal sealed class JsonSource(StreamBuffer buffer, int maxValueBytes) : IRowSource
{
    private long _line = 1;
    private bool _inArray;
    private bool _closed;

    public IEnumerable<SourceRow> Read()
    {
        while (NextValueBegins())
        {
            var start = _line;
            if (_closed)
            {
                yield return SourceRow.Bad(start, "there is more after the array's closing bracket");
                yield break;
            }

            var length = FindEnd();
            if (length < 0)
            {
                yield return SourceRow.Bad(start, Unended());
                yield break;
            }

            var value = buffer.Memory[..length];
            var problem = LineReader.Check(value.Span);
            yield return new SourceRow(start, value, problem);
            _line += buffer.Span[..length].Count((byte)'\n');
            buffer.Consume(length);
        }

        if (buffer.Fault is not null || (_inArray && !_closed))
        {
            yield return SourceRow.Bad(_line, buffer.Fault ?? "the file ends before the array's closing bracket");
        }
    }

    private string Unended()
    {
        if (buffer.Fault is not null)
        {
            return buffer.Fault;
        }

        return buffer.AtEnd
            ? "the file ends inside this value (an unclosed bracket or quote)"
            : string.Create(CultureInfo.InvariantCulture, $"the value is longer than the limit of {maxValueBytes:N0} bytes (an unclosed bracket or quote?)");
    }

    private int FindEnd()
    {
        while (true)
        {
            var length = JsonValueScanner.Length(buffer.Span);
            if (length > 0)
            {
                return length;
            }

            if (length == 0)
            {
                return 1;
            }

            if (buffer.Span.Length > maxValueBytes || !buffer.Fill())
            {
                return -1;
            }
        }
    }

    /// <summary>Skips white space, commas and the array's own brackets.</summary>
    private bool NextValueBegins()
    {
        while (true)
        {
            if (buffer.Span.IsEmpty && !buffer.Fill())
            {
                return false;
            }

            var first = buffer.Span[0];
            switch (first)
            {
                case (byte)'\n':
                    _line++;
                    break;
                case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)',':
                    break;
                case (byte)'[' when !_inArray:
                    _inArray = true;
                    break;
                case (byte)']' when _inArray && !_closed:
                    _closed = true;
                    break;
                default:
                    return true;
            }

            buffer.Consume(1);
        }
    }
}
