using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace TrainTools.Core.Data.Sources;

/// <summary>Finds a file's layout from its first bytes; its name decides only where the content leaves it open.</summary>
internal static partial class FormatDetector
{
    /// <summary>Finds the layout.</summary>
    /// <param name="sample">The first bytes of the content, without a byte-order mark.</param>
    /// <param name="whole">Whether they are the whole content.</param>
    /// <param name="path">The file's name.</param>
    /// <param name="options">Names of fields that a CSV header may hold.</param>
    public static DatasetFileFormat Detect(ReadOnlySpan<byte> sample, bool whole, string path, DatasetReaderOptions options)
    {
        if (sample.StartsWith("PAR1"u8))
        {
            return DatasetFileFormat.Parquet;
        }

        var extension = Extension(path);
        var content = sample.TrimStart(" \t\r\n"u8);
        if (!content.IsEmpty && content[0] is (byte)'{' or (byte)'[' && Json(content, whole, extension) is { } json)
        {
            return json;
        }

        return extension switch
        {
            ".jsonl" or ".ndjson" => DatasetFileFormat.JsonLines,
            ".json" => DatasetFileFormat.Json,
            _ when IsConll(sample, whole) => DatasetFileFormat.Conll,
            _ when IsTabbed(sample, whole) => DatasetFileFormat.Tsv,
            ".csv" => DatasetFileFormat.Csv,
            ".tsv" or ".tab" => DatasetFileFormat.Tsv,
            ".conll" or ".bio" or ".iob" or ".iob2" => DatasetFileFormat.Conll,
            ".txt" or ".md" => DatasetFileFormat.Text,
            _ when IsCsv(sample, whole, options) => DatasetFileFormat.Csv,
            _ => DatasetFileFormat.Text,
        };
    }

    /// <summary>Extension of a file's name in lower case, that of a compression left off.</summary>
    public static string Extension(string path)
    {
        var extension = Path.GetExtension(path).ToLowerInvariant();
        return extension is ".gz" or ".gzip" or ".zst" or ".zstd"
            ? Path.GetExtension(Path.GetFileNameWithoutExtension(path)).ToLowerInvariant()
            : extension;
    }

    private static DatasetFileFormat? Json(ReadOnlySpan<byte> content, bool whole, string extension)
    {
        if (content[0] == '[')
        {
            var next = content[1..].TrimStart(" \t\r\n"u8);
            return next.IsEmpty || next[0] is (byte)'{' or (byte)']' || extension == ".json" ? DatasetFileFormat.Json : null;
        }

        var lineEnd = content.IndexOf((byte)'\n');
        if (lineEnd < 0)
        {
            return !whole || extension is ".json" or ".jsonl" or ".ndjson" || Parses(content) ? DatasetFileFormat.JsonLines : null;
        }

        if (Parses(content[..lineEnd]))
        {
            return DatasetFileFormat.JsonLines;
        }

        var length = JsonValueScanner.Length(content);
        if (length > lineEnd && Parses(content[..length]))
        {
            return DatasetFileFormat.Json;
        }

        return extension switch
        {
            ".json" => DatasetFileFormat.Json,
            ".txt" or ".md" => null,
            _ when content.StartsWith("{\""u8) => DatasetFileFormat.JsonLines,
            _ => null,
        };
    }

    private static bool Parses(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 1024 });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsConll(ReadOnlySpan<byte> sample, bool whole)
    {
        int tagged = 0, other = 0, blank = 0;
        while (!sample.IsEmpty)
        {
            var end = sample.IndexOf((byte)'\n');
            if (end < 0 && !whole)
            {
                break;
            }

            var line = end < 0 ? sample : sample[..end];
            sample = end < 0 ? [] : sample[(end + 1)..];
            if (JsonLinesSource.IsBlank(line))
            {
                blank++;
            }
            else if (ConllSource.TrySplit(line, out _, out var tag) && Tag().IsMatch(Encoding.UTF8.GetString(tag)))
            {
                tagged++;
            }
            else
            {
                other++;
            }
        }

        return tagged >= 2 && other <= (tagged + other) / 20 && (blank > 0 || tagged < 200);
    }

    private static bool IsTabbed(ReadOnlySpan<byte> sample, bool whole)
    {
        var rows = DelimitedLayout.Rows(sample, whole, (byte)'\t');
        var (share, columns) = DelimitedLayout.Consistency(rows);
        return columns > 1 && share >= 0.9;
    }

    private static bool IsCsv(ReadOnlySpan<byte> sample, bool whole, DatasetReaderOptions options)
    {
        foreach (var delimiter in ",;|"u8)
        {
            var rows = DelimitedLayout.Rows(sample, whole, delimiter);
            var (share, columns) = DelimitedLayout.Consistency(rows);
            if (columns > 1 && share >= 0.9 && rows[0].Length == columns && rows[0].Any(cell => KnownFields.IsKnown(cell, options)))
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex(@"^(O|[BIESLUM]-\S+)$")]
    private static partial Regex Tag();
}
