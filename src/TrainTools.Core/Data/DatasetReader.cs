using System.Text.Json;

using TrainTools.Core.Data.Mapping;
using TrainTools.Core.Data.Sources;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Data;

/// <summary>
/// Streams records out of data files: JSON Lines, JSON, CSV, TSV, Parquet, CoNLL and plain text, each also as gzip or
/// zstd; layout and shape are found by content unless they are given. Records are held one at a time, or a few hundred where several threads read ahead.
/// </summary>
public sealed class DatasetReader
{
    private const int ProgressInterval = 512;
    private readonly DatasetReaderOptions _options;
    private readonly RowMapping _rows;

    /// <summary>Makes a reader.</summary>
    /// <param name="options">How files become records; null = everything found by content, bad lines reported to nobody.</param>
    public DatasetReader(DatasetReaderOptions? options = null)
    {
        _options = options ?? new DatasetReaderOptions();
        _rows = new RowMapping(_options);
    }

    /// <summary>Reads one file.</summary>
    public IEnumerable<TrainingRecord> Read(string path, CancellationToken cancellationToken = default) => Read([path], cancellationToken);

    /// <summary>
    /// Reads files one after another. A bad line goes to <see cref="DatasetReaderOptions.OnProblem"/> and the rest goes on,
    /// or is thrown where reading is strict.
    /// </summary>
    /// <exception cref="TrainToolsException">
    /// DatasetNotFound, DatasetUnreadable, DatasetFormatUnknown; DatasetFieldMissing where no record has a field that the options name; DatasetLineInvalid and DatasetShapeUnknown where reading is
    /// strict; DatasetEmpty (or DatasetShapeUnknown, if no line has a known shape) where a file gives no record.
    /// </exception>
    public IEnumerable<TrainingRecord> Read(IEnumerable<string> paths, CancellationToken cancellationToken = default)
    {
        var files = paths.ToList();
        var progress = new ProgressCounter(files, _options.OnProgress);
        long index = 0;
        foreach (var file in files)
        {
            foreach (var record in ReadFile(file, progress, cancellationToken))
            {
                yield return record.Numbered(index++);
            }
        }
    }

    /// <summary>The names of the fields in a file's first records, each with the beginning of an example. Records need not have a known shape.</summary>
    /// <param name="path">The file.</param>
    /// <param name="records">How many records to look at.</param>
    public IReadOnlyList<(string Name, string Example)> PeekFields(string path, int records)
    {
        const int ExampleLength = 60;
        using var opened = DatasetStream.Open(path);
        using var spooled = new SpooledFile();
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in Source(opened, path, spooled).Read().Take(records).Where(r => r.Problem is null && r.Json.Span[0] == (byte)0x7B))
        {
            using var json = JsonDocument.Parse(row.Json, JsonValues.DocumentOptions);
            foreach (var field in json.RootElement.EnumerateObject())
            {
                var text = field.Value.ToString();
                fields.TryAdd(field.Name, text.Length > ExampleLength ? text[..ExampleLength] + "…" : text);
            }
        }

        return [.. fields.Select(f => (f.Key, f.Value))];
    }

    /// <summary>Refuses a named field that no record has. Reads as far as the first records that have all of them.</summary>
    private void RequireNamedFields(string file, CancellationToken cancellationToken)
    {
        var missing = NamedFields.Of(_options).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        const int MostShown = 20;
        using var opened = DatasetStream.Open(file);
        using var spooled = new SpooledFile();
        var there = new List<string>();
        foreach (var row in Source(opened, file, spooled).Read().Where(r => r.Problem is null))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var name in JsonValues.Names(row.Json.Span))
            {
                missing.RemoveAll(f => f.Name == name);
                if (there.Count < MostShown && !there.Contains(name))
                {
                    there.Add(name);
                }
            }

            if (missing.Count == 0)
            {
                return;
            }
        }

        if (there.Count > 0)
        {
            throw new TrainToolsException(
                ErrorIds.DatasetFieldMissing,
                ErrorKind.InvalidArgument,
                $"{file}: no record has {string.Join(" or ", missing.Select(f => $"the field '{f.Name}', which is named for {f.Meaning}"))}. The fields there are: {string.Join(", ", there)}.",
                "Name one of these, or none: fields with usual names are found without it.",
                file);
        }
    }

    private IEnumerable<TrainingRecord> ReadFile(string file, ProgressCounter progress, CancellationToken cancellationToken)
    {
        RequireNamedFields(file, cancellationToken);
        using var opened = DatasetStream.Open(file);
        using var spooled = new SpooledFile();
        long records = 0;
        DatasetProblem? shapeProblem = null;
        long problems = 0;
        foreach (var (record, problem) in _rows.Map(Source(opened, file, spooled).Read(), file))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (record is not null)
            {
                if (++records % ProgressInterval == 0)
                {
                    progress.Report(opened.Position, ProgressInterval);
                }

                yield return record;
                continue;
            }

            problems++;
            shapeProblem = problem!.ErrorId == ErrorIds.DatasetShapeUnknown ? shapeProblem ?? problem : shapeProblem;
            if (_options.Strict)
            {
                throw problem.ToException();
            }

            _options.OnProblem?.Invoke(problem);
        }

        progress.EndFile(opened.Position, records % ProgressInterval);
        if (records == 0)
        {
            throw shapeProblem?.ToException() ?? Empty(file, problems);
        }
    }

    private IRowSource Source(DatasetStream opened, string file, SpooledFile spooled)
    {
        var whole = opened.Sample.Length < DatasetStream.SampleBytes;
        var format = _options.FileFormat == DatasetFileFormat.Auto
            ? FormatDetector.Detect(opened.Sample.Span, whole, file, _options)
            : _options.FileFormat;
        if (format == DatasetFileFormat.Text && opened.Sample.Span.Count((byte)0) > opened.Sample.Length / 100)
        {
            throw new TrainToolsException(
                ErrorIds.DatasetFormatUnknown, ErrorKind.InvalidData, $"{file} is not a text file, nor Parquet, gzip or zstd.",
                "Convert it to one of JSON Lines, JSON, CSV, TSV, Parquet, CoNLL or text (UTF-8).", file);
        }

        if (format == DatasetFileFormat.Parquet)
        {
            return new ParquetSource(opened.Seekable(spooled), file);
        }

        var buffer = new StreamBuffer(opened.Content, file);
        return format switch
        {
            DatasetFileFormat.JsonLines => new JsonLinesSource(buffer, _options.MaxLineBytes),
            DatasetFileFormat.Json => new JsonSource(buffer, _options.MaxLineBytes),
            DatasetFileFormat.Csv => Delimited(opened, buffer, whole, tabs: false),
            DatasetFileFormat.Tsv => Delimited(opened, buffer, whole, tabs: true),
            DatasetFileFormat.Conll => new ConllSource(buffer, _options),
            _ => new TextSource(buffer, _options),
        };
    }

    private DelimitedSource Delimited(DatasetStream opened, StreamBuffer buffer, bool whole, bool tabs) =>
        new(buffer, DelimitedLayout.Infer(opened.Sample.Span, whole, tabs, _options), _options.MaxLineBytes);

    private static TrainToolsException Empty(string file, long problems) => new(
        ErrorIds.DatasetEmpty,
        ErrorKind.InvalidData,
        problems == 0
            ? $"{file} holds no record."
            : FormattableString.Invariant($"{file} holds no usable record: all {problems} lines are bad."),
        problems == 0 ? "Check that it is the right file." : "Look at the reported lines, and give the format or the fields if they are not found by content.",
        file);
}
