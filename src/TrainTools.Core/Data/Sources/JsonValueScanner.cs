using System.Buffers;

namespace TrainTools.Core.Data.Sources;

/// <summary>Finds where a JSON value ends by brackets and strings alone, so that damage inside one value does not reach the next.</summary>
internal static class JsonValueScanner
{
    private static readonly SearchValues<byte> ScalarEnds = SearchValues.Create(",] \t\r\n"u8);

    /// <summary>Length of the value that begins at the first byte; -1 if its end is not in the data.</summary>
    public static int Length(ReadOnlySpan<byte> data)
    {
        var depth = 0;
        var at = 0;
        while (at < data.Length)
        {
            var found = depth == 0 ? 0 : data[at..].IndexOfAny("{}[]\""u8);
            if (found < 0)
            {
                return -1;
            }

            at += found;
            switch (data[at])
            {
                case (byte)'{' or (byte)'[':
                    depth++;
                    at++;
                    break;
                case (byte)'}' or (byte)']':
                    depth--;
                    at++;
                    break;
                case (byte)'"':
                    var end = StringEnd(data, at + 1);
                    if (end < 0)
                    {
                        return -1;
                    }

                    at = end;
                    break;
                default:
                    return ScalarLength(data);
            }

            if (depth <= 0)
            {
                return at;
            }
        }

        return -1;
    }

    private static int StringEnd(ReadOnlySpan<byte> data, int at)
    {
        while (true)
        {
            var found = data[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (found < 0 || (data[at + found] == '\\' && at + found + 1 >= data.Length))
            {
                return -1;
            }

            at += found + 1;
            if (data[at - 1] == '"')
            {
                return at;
            }

            at++;
        }
    }

    private static int ScalarLength(ReadOnlySpan<byte> data) => data.IndexOfAny(ScalarEnds);
}
