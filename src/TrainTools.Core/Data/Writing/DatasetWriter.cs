using System.IO.Compression;

using TrainTools.Core.Data.Sources;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;

namespace TrainTools.Core.Data.Writing;

/// <summary>
/// Writes records to a file, whole or not at all: under a temporary name until <see cref="Complete"/>. The same records
/// give the same bytes. .gz and .zst at the end of the name compress.
/// </summary>
public sealed class DatasetWriter : IDisposable
{
    private readonly string _path;
    private readonly AtomicFileStream _file;
    private readonly Stream _content;
    private readonly IRecordSink _sink;

    /// <summary>Begins a file.</summary>
    /// <exception cref="TrainToolsException">DatasetWriteFailed, DatasetFormatUnknown.</exception>
    public DatasetWriter(string path, DatasetWriterOptions? options = null)
    {
        options ??= new DatasetWriterOptions();
        _path = path;
        var format = options.FileFormat == DatasetFileFormat.Auto ? ByName() : options.FileFormat;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            _file = new AtomicFileStream(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }

        _content = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".gz" or ".gzip" => new GZipStream(_file.Stream, CompressionLevel.Optimal, leaveOpen: true),
            ".zst" or ".zstd" => new ZstdSharp.CompressionStream(_file.Stream, leaveOpen: true),
            _ => _file.Stream,
        };
        _sink = Sink(format, options);
    }

    /// <summary>Records written.</summary>
    public long Count { get; private set; }

    /// <summary>Writes a record.</summary>
    /// <exception cref="TrainToolsException">DatasetWriteFailed: the disk is full, or the layout cannot hold the record.</exception>
    public void Write(TrainingRecord record)
    {
        Guard(() => _sink.Write(record));
        Count++;
    }

    /// <summary>Puts the file under its name.</summary>
    /// <exception cref="TrainToolsException">DatasetWriteFailed; the old file stays.</exception>
    public FileInfo Complete()
    {
        Guard(() =>
        {
            _sink.Complete();
            if (_content != _file.Stream)
            {
                _content.Dispose();
            }

            _file.Commit();
        });
        return new FileInfo(_file.TargetPath);
    }

    /// <summary>Ends writing. What was not completed is removed, the old file stays.</summary>
    public void Dispose()
    {
        try
        {
            _sink.Dispose();
            if (_content != _file.Stream)
            {
                _content.Dispose();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // A full disk, or completed before: what was written so far goes away below.
        }
        finally
        {
            _file.Dispose();
        }
    }

    private IRecordSink Sink(DatasetFileFormat format, DatasetWriterOptions options) => format switch
    {
        DatasetFileFormat.Json => new JsonSink(_content, array: true, options),
        DatasetFileFormat.Csv => new DelimitedSink(_content, tabs: false, _path, options),
        DatasetFileFormat.Tsv => new DelimitedSink(_content, tabs: true, _path, options),
        DatasetFileFormat.Parquet => new ParquetSink(_content, options),
        DatasetFileFormat.Conll => new ConllSink(_content, _path),
        DatasetFileFormat.Text => new PlainSink(_content, _path),
        _ => new JsonSink(_content, array: false, options),
    };

    private DatasetFileFormat ByName() => FormatDetector.Extension(_path) switch
    {
        ".json" => DatasetFileFormat.Json,
        ".csv" => DatasetFileFormat.Csv,
        ".tsv" or ".tab" => DatasetFileFormat.Tsv,
        ".parquet" => DatasetFileFormat.Parquet,
        ".conll" or ".bio" or ".iob" or ".iob2" => DatasetFileFormat.Conll,
        ".txt" or ".md" => DatasetFileFormat.Text,
        "" or ".jsonl" or ".jsonlines" or ".ndjson" => DatasetFileFormat.JsonLines,
        var unknown => throw new TrainToolsException(
            ErrorIds.DatasetFormatUnknown, ErrorKind.InvalidArgument, $"{_path} cannot be written: no layout has names that end in '{unknown}'.",
            "Known are .jsonl, .json, .csv, .tsv, .parquet, .conll and .txt, each also with .gz or .zst behind it; or name the layout (-FileFormat).", _path),
    };

    private void Guard(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    private TrainToolsException Failed(Exception e) => new(
        ErrorIds.DatasetWriteFailed,
        ErrorKind.IO,
        $"{_path} could not be written: {e.Message.TrimEnd('.')}. A file that was there before is unchanged.",
        "Free space on the disk or choose another place, and check that you may write there.",
        _path,
        e);
}
