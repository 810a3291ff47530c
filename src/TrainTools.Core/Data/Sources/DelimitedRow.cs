namespace TrainTools.Core.Data.Sources;

/// <summary>What became of an attempt to cut a row out of delimited text.</summary>
internal enum RowOutcome
{
    Complete,
    NeedsMore,
    UnclosedQuote,
    TextAfterQuote,
}

/// <summary>A field of a row: where it lies, and whether doubled quotes in it stand for one.</summary>
internal readonly record struct FieldSlice(int Start, int Length, bool Quoted);

/// <summary>Cuts one row out of CSV (RFC 4180) or TSV bytes.</summary>
internal static class DelimitedRow
{
    /// <summary>Reads the row at the beginning of the data.</summary>
    /// <param name="data">The data, from the beginning of a row.</param>
    /// <param name="final">Whether nothing follows the data.</param>
    /// <param name="delimiter">Column separator; a tab means TSV, where quotes are literal unless they enclose a whole field that needs them.</param>
    /// <param name="fields">Receives the fields.</param>
    /// <param name="consumed">Bytes of the row with its line end; of its first line where the row is bad.</param>
    public static RowOutcome Read(ReadOnlySpan<byte> data, bool final, byte delimiter, List<FieldSlice> fields, out int consumed)
    {
        fields.Clear();
        return delimiter == '\t'
            ? ReadTabbed(data, final, fields, out consumed)
            : ReadQuoted(data, final, delimiter, fields, out consumed);
    }

    /// <summary>A field's bytes with doubled quotes undone.</summary>
    public static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> row, FieldSlice field)
    {
        var raw = row.Slice(field.Start, field.Length);
        if (!field.Quoted || !raw.Contains((byte)'"'))
        {
            return raw;
        }

        var result = new byte[raw.Length];
        var length = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            result[length++] = raw[i];
            if (raw[i] == '"' && i + 1 < raw.Length && raw[i + 1] == '"')
            {
                i++;
            }
        }

        return result.AsSpan(0, length);
    }

    private static RowOutcome ReadQuoted(ReadOnlySpan<byte> data, bool final, byte delimiter, List<FieldSlice> fields, out int consumed)
    {
        var at = 0;
        while (true)
        {
            if (at < data.Length && data[at] == '"')
            {
                var end = QuoteEnd(data, at + 1);
                if (end < 0 || (end + 1 >= data.Length && !final))
                {
                    consumed = FirstLine(data);
                    return final ? RowOutcome.UnclosedQuote : RowOutcome.NeedsMore;
                }

                fields.Add(new FieldSlice(at + 1, end - at - 1, true));
                at = end + 1;
                if (at < data.Length && data[at] != delimiter && data[at] != '\n' && data[at] != '\r')
                {
                    consumed = FirstLine(data);
                    return RowOutcome.TextAfterQuote;
                }
            }
            else
            {
                var length = data[at..].IndexOfAny(delimiter, (byte)'\n');
                if (length < 0 && !final)
                {
                    consumed = 0;
                    return RowOutcome.NeedsMore;
                }

                var end = length < 0 ? data.Length : at + length;
                var text = end > at && data[end - 1] == '\r' && (end == data.Length || data[end] == '\n') ? end - 1 : end;
                fields.Add(new FieldSlice(at, text - at, false));
                at = end;
            }

            if (at < data.Length && data[at] == delimiter)
            {
                at++;
                continue;
            }

            if (at < data.Length && data[at] == '\r')
            {
                at++;
            }

            consumed = at < data.Length && data[at] == '\n' ? at + 1 : at;
            return RowOutcome.Complete;
        }
    }

    private static RowOutcome ReadTabbed(ReadOnlySpan<byte> data, bool final, List<FieldSlice> fields, out int consumed)
    {
        var end = data.IndexOf((byte)'\n');
        if (end < 0 && !final)
        {
            consumed = 0;
            return RowOutcome.NeedsMore;
        }

        consumed = end < 0 ? data.Length : end + 1;
        var line = data[..(end < 0 ? data.Length : end)];
        if (line.Length > 0 && line[^1] == '\r')
        {
            line = line[..^1];
        }

        var at = 0;
        while (true)
        {
            var length = line[at..].IndexOf((byte)'\t');
            var field = new FieldSlice(at, length < 0 ? line.Length - at : length, false);
            fields.Add(Unquote(line, field));
            if (length < 0)
            {
                return RowOutcome.Complete;
            }

            at += length + 1;
        }
    }

    /// <summary>Takes the quotes off a field that a writer quoted because it had to: quotes all around, doubled ones within.</summary>
    private static FieldSlice Unquote(ReadOnlySpan<byte> line, FieldSlice field)
    {
        var raw = line.Slice(field.Start, field.Length);
        if (raw.Length < 4 || raw[0] != '"' || raw[^1] != '"')
        {
            return field;
        }

        var inner = raw[1..^1];
        return inner.Contains((byte)'"') && QuoteEnd(raw, 1) == raw.Length - 1
            ? new FieldSlice(field.Start + 1, inner.Length, true)
            : field;
    }

    /// <summary>Where the closing quote is; -1 if there is none.</summary>
    private static int QuoteEnd(ReadOnlySpan<byte> data, int at)
    {
        while (true)
        {
            var found = data[at..].IndexOf((byte)'"');
            if (found < 0)
            {
                return -1;
            }

            at += found;
            if (at + 1 < data.Length && data[at + 1] == '"')
            {
                at += 2;
                continue;
            }

            return at;
        }
    }

    private static int FirstLine(ReadOnlySpan<byte> data)
    {
        var end = data.IndexOf((byte)'\n');
        return end < 0 ? data.Length : end + 1;
    }
}
