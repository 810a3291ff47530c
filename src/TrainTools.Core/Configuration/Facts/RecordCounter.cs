namespace TrainTools.Core.Configuration;

/// <summary>Counts the records of line-based files without parsing them.</summary>
internal static class RecordCounter
{
    // Beyond this the rest is reckoned from the lines' mean length: enough for defaults and warnings, and always quick.
    private const long CountedBytes = 256L << 20;

    /// <summary>Facts of the files; null if there are none. Absent files count nothing.</summary>
    public static DataFacts? Count(IReadOnlyList<string> paths)
    {
        if (paths.Count == 0)
        {
            return null;
        }

        long bytes = 0;
        long? records = 0;
        foreach (var path in paths.Where(File.Exists))
        {
            try
            {
                bytes += new FileInfo(path).Length;
                records += Path.GetExtension(path).ToUpperInvariant() is ".JSONL" or ".NDJSON" or ".TXT" ? CountLines(path) : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                records = null;
            }
        }

        return new DataFacts { Records = records, Bytes = bytes };
    }

    private static long CountLines(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
        var buffer = new byte[1 << 20];
        long lines = 0;
        long read = 0;
        var blank = true;
        int count;
        while (read < CountedBytes && (count = file.Read(buffer)) > 0)
        {
            read += count;
            foreach (var b in buffer.AsSpan(0, count))
            {
                if (b == (byte)'\n')
                {
                    lines += blank ? 0 : 1;
                    blank = true;
                }
                else if (b > (byte)' ')
                {
                    blank = false;
                }
            }
        }

        lines += blank ? 0 : 1;
        return read < CountedBytes ? lines : (long)(lines * ((double)file.Length / read));
    }
}
