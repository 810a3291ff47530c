using ICSharpCode.SharpZipLib;

using TrainTools.Core.Errors;

namespace TrainTools.Core.Data.Sources;

/// <summary>
/// A window that slides over a stream: what a reader has not consumed stays addressable as one span. Damage in a
/// compressed stream ends it early and is kept in <see cref="Fault"/>, so that all whole records before it are still read.
/// </summary>
internal sealed class StreamBuffer(Stream stream, string file, int capacity = 1 << 17)
{
    private byte[] _bytes = new byte[capacity];
    private int _start;
    private int _end;

    /// <summary>Why the stream ended early; null if it did not.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether nothing more can be filled in.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>The bytes not consumed yet.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(_start, _end - _start);

    /// <summary>The bytes not consumed yet.</summary>
    public ReadOnlySpan<byte> Span => _bytes.AsSpan(_start, _end - _start);

    /// <summary>Whether an exception of a decompressor means that the file is damaged or cut off.</summary>
    public static bool IsDamage(Exception e) =>
        e is InvalidDataException or EndOfStreamException or SharpZipBaseException or ZstdSharp.ZstdException;

    /// <summary>Drops bytes from the front.</summary>
    public void Consume(int count) => _start += count;

    /// <summary>
    /// Reads more behind what is there (the window doubles when it is full, so scanning anew after each call stays linear);
    /// false at the end. Spans taken before are void.
    /// </summary>
    public bool Fill()
    {
        if (AtEnd)
        {
            return false;
        }

        MakeRoom();
        var before = _end;
        while (_end < _bytes.Length)
        {
            var read = Read();
            _end += read;
            if (read == 0)
            {
                AtEnd = true;
                break;
            }
        }

        return _end > before;
    }

    private int Read()
    {
        try
        {
            return stream.Read(_bytes, _end, _bytes.Length - _end);
        }
        catch (Exception e) when (IsDamage(e))
        {
            Fault = $"the compressed data is damaged or ends early ({e.Message.TrimEnd('.')})";
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(
                ErrorIds.DatasetUnreadable, ErrorKind.IO, $"{file} could not be read: {e.Message}", target: file, inner: e);
        }
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
            _end -= _start;
            _start = 0;
        }

        if (_end == _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, 2L * _bytes.Length));
        }
    }
}
