namespace TrainTools.Core.Data.Sources;

/// <summary>
/// CoNLL: the first column is the word, the last its tag, columns are separated by tabs or spaces, blank lines end a
/// sentence. -DOCSTART- lines and, in files with tabs, comment lines that begin with # are skipped.
/// </summary>
internal sealed class ConllSource(StreamBuffer buffer, DatasetReaderOptions options) : IRowSource
{
    public IEnumerable<SourceRow> Read()
    {
        using var row = new RowWriter();
        var lines = new LineReader(buffer, options.MaxLineBytes);
        var words = new List<byte[]>();
        var tags = new List<byte[]>();
        long first = 0;
        string? problem = null;
        long problemLine = 0;
        while (lines.TryRead(out var line))
        {
            if (JsonLinesSource.IsBlank(line.Bytes.Span) && line.Problem is null)
            {
                if (problem is not null)
                {
                    yield return SourceRow.Bad(problemLine, problem + " (its sentence is left out)");
                }
                else if (words.Count > 0)
                {
                    yield return Row(row, words, tags, first);
                }

                words.Clear();
                tags.Clear();
                problem = null;
                continue;
            }

            if (problem is not null || IsSkipped(line.Bytes.Span))
            {
                continue;
            }

            if (line.Problem is not null || !TrySplit(line.Bytes.Span, out var word, out var tag))
            {
                problem = line.Problem ?? "a word without a tag";
                problemLine = line.Number;
                continue;
            }

            if (words.Count == 0)
            {
                first = line.Number;
            }

            words.Add(word);
            tags.Add(tag);
        }

        if (problem is not null)
        {
            yield return SourceRow.Bad(problemLine, problem + " (its sentence is left out)");
        }
        else if (words.Count > 0 && buffer.Fault is null)
        {
            yield return Row(row, words, tags, first);
        }

        if (buffer.Fault is not null)
        {
            yield return SourceRow.Bad(lines.Number + 1, buffer.Fault);
        }
    }

    /// <summary>Splits a line into its first and last column.</summary>
    internal static bool TrySplit(ReadOnlySpan<byte> line, out byte[] word, out byte[] tag)
    {
        line = line.TrimEnd("\t \r"u8);
        var separator = line.Contains((byte)'\t') ? (byte)'\t' : (byte)' ';
        var firstEnd = line.IndexOf(separator);
        var lastStart = line.LastIndexOf(separator);
        word = tag = [];
        if (firstEnd <= 0)
        {
            return false;
        }

        word = line[..firstEnd].ToArray();
        tag = line[(lastStart + 1)..].ToArray();
        return true;
    }

    private static bool IsSkipped(ReadOnlySpan<byte> line) =>
        line.StartsWith("-DOCSTART-"u8) || (line.StartsWith("# "u8) && !line.Contains((byte)'\t') && line.Count((byte)' ') > 1);

    private SourceRow Row(RowWriter row, List<byte[]> words, List<byte[]> tags, long line)
    {
        var json = row.Begin();
        json.WriteStartArray(options.TokensField);
        words.ForEach(w => json.WriteStringValue(w));
        json.WriteEndArray();
        json.WriteStartArray(options.TagsField);
        tags.ForEach(t => json.WriteStringValue(t));
        json.WriteEndArray();
        return new SourceRow(line, row.End(), null);
    }
}
