using System.Text;

using TrainTools.Core.Errors;

namespace TrainTools.Core.Data.Sources;

/// <summary>A data file opened for reading: decompressed, as UTF-8 without a byte-order mark, with its first bytes to look at.</summary>
internal sealed class DatasetStream : IDisposable
{
    /// <summary>Bytes looked at to find the layout.</summary>
    public const int SampleBytes = 1 << 17;

    private readonly FileStream _file;
    private readonly Stream _content;

    private DatasetStream(FileStream file, Stream content, ReadOnlyMemory<byte> sample, bool compressed)
    {
        _file = file;
        _content = content;
        Sample = sample;
        Compressed = compressed;
    }

    /// <summary>The content from its beginning.</summary>
    public Stream Content => _content;

    /// <summary>The first bytes of the content.</summary>
    public ReadOnlyMemory<byte> Sample { get; }

    /// <summary>Whether the file is gzip or zstd.</summary>
    public bool Compressed { get; }

    /// <summary>Bytes of the file read so far, as stored.</summary>
    public long Position => _file.Position;

    /// <summary>Opens a file.</summary>
    /// <exception cref="TrainToolsException">DatasetNotFound, DatasetUnreadable.</exception>
    public static DatasetStream Open(string path)
    {
        var file = OpenFile(path);
        try
        {
            Span<byte> magic = stackalloc byte[4];
            var length = file.ReadAtLeast(magic, 4, throwOnEndOfStream: false);
            file.Position = 0;
            Stream content = file;
            if (length >= 2 && magic[0] == 0x1f && magic[1] == 0x8b)
            {
                content = new GZipContent(file);
            }
            else if (length == 4 && magic[0] == 0x28 && magic[1] == 0xb5 && magic[2] == 0x2f && magic[3] == 0xfd)
            {
                content = new ZstdSharp.DecompressionStream(file);
            }

            return Peek(file, content, path);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The content as a stream that can be sought in: the file itself, or a temporary copy if it is compressed.</summary>
    public Stream Seekable(SpooledFile spooled)
    {
        if (Compressed)
        {
            return spooled.Copy(_content);
        }

        _file.Position = 0;
        return _file;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _content.Dispose();
        _file.Dispose();
    }

    private static DatasetStream Peek(FileStream file, Stream content, string path)
    {
        var compressed = content != file;
        var sample = ReadSample(content, path, out var fault);
        Stream whole = new PrefixedStream(sample, content, fault);
        if (sample.Length >= 2 && ((sample[0] == 0xff && sample[1] == 0xfe) || (sample[0] == 0xfe && sample[1] == 0xff)))
        {
            var encoding = sample[0] == 0xff ? Encoding.Unicode : Encoding.BigEndianUnicode;
            whole.ReadExactly(new byte[2]);
            content = Encoding.CreateTranscodingStream(whole, encoding, new UTF8Encoding(false));
            sample = ReadSample(content, path, out fault);
            whole = new PrefixedStream(sample, content, fault);
        }
        else if (sample.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]))
        {
            whole.ReadExactly(new byte[3]);
            sample = sample[3..];
        }

        return new DatasetStream(file, whole, sample, compressed);
    }

    private static byte[] ReadSample(Stream content, string path, out Exception? fault)
    {
        var sample = new byte[SampleBytes];
        var length = 0;
        fault = null;
        try
        {
            while (length < sample.Length)
            {
                var read = content.Read(sample, length, sample.Length - length);
                if (read == 0)
                {
                    break;
                }

                length += read;
            }
        }
        catch (Exception e) when (StreamBuffer.IsDamage(e))
        {
            fault = e;
        }
        catch (IOException e)
        {
            throw new TrainToolsException(
                ErrorIds.DatasetUnreadable, ErrorKind.IO, $"{path} could not be read: {e.Message}", target: path, inner: e);
        }

        return sample[..length];
    }

    private static FileStream OpenFile(string path)
    {
        if (Directory.Exists(path))
        {
            throw new TrainToolsException(
                ErrorIds.DatasetNotFound, ErrorKind.NotFound, $"{path} is a folder, not a data file.", "Name the files in it.", path);
        }

        try
        {
            return new FileStream(path, new FileStreamOptions
            {
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite | FileShare.Delete,
                Options = FileOptions.SequentialScan,
                BufferSize = 1 << 16,
            });
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TrainToolsException(
                ErrorIds.DatasetNotFound, ErrorKind.NotFound, $"The data file {path} does not exist.", "Check the path.", path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(
                ErrorIds.DatasetUnreadable, ErrorKind.IO, $"{path} could not be opened: {e.Message}", target: path, inner: e);
        }
    }
}
