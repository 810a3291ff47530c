namespace TrainTools.Core.Cleaning.Storage;

/// <summary>Bytes appended one after another: in memory up to a budget, in a temporary file beyond it. Append from one thread.</summary>
internal sealed class BlockStore(long memoryBytes) : IDisposable
{
    private const int BlockBytes = 1 << 20;
    private readonly List<byte[]> _blocks = [];
    private readonly Lock _flushing = new();
    private FileStream? _file;
    private long _fileStart;
    private long _flushed;

    /// <summary>Bytes appended.</summary>
    public long Length { get; private set; }

    /// <summary>Bytes in the temporary file.</summary>
    public long SpilledBytes => _file is null ? 0 : Length - _fileStart;

    /// <summary>Appends and returns the place where the bytes begin.</summary>
    public long Append(ReadOnlySpan<byte> bytes)
    {
        var start = Length;
        while (!bytes.IsEmpty)
        {
            if (_file is null && Length == (long)_blocks.Count * BlockBytes)
            {
                AddBlock();
            }

            if (_file is not null)
            {
                TemporaryFile.Write(_file, bytes);
                Length += bytes.Length;
                break;
            }

            var place = (int)(Length % BlockBytes);
            var take = Math.Min(bytes.Length, BlockBytes - place);
            bytes[..take].CopyTo(_blocks[^1].AsSpan(place));
            bytes = bytes[take..];
            Length += take;
        }

        return start;
    }

    /// <summary>Reads bytes that were appended. Safe from several threads while nothing is appended.</summary>
    public void Read(long start, Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_file is not null && start >= _fileStart)
            {
                Flush();
                TemporaryFile.ReadExactly(_file, bytes, start - _fileStart);
                return;
            }

            var place = (int)(start % BlockBytes);
            var take = Math.Min(bytes.Length, BlockBytes - place);
            _blocks[(int)(start / BlockBytes)].AsSpan(place, take).CopyTo(bytes);
            bytes = bytes[take..];
            start += take;
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        _blocks.Clear();
    }

    private void AddBlock()
    {
        if ((_blocks.Count + 1L) * BlockBytes > Math.Max(memoryBytes, BlockBytes))
        {
            _file = TemporaryFile.Create();
            _fileStart = Length;
            _flushed = Length;
        }
        else
        {
            _blocks.Add(GC.AllocateUninitializedArray<byte>(BlockBytes));
        }
    }

    private void Flush()
    {
        if (Interlocked.Read(ref _flushed) == Length)
        {
            return;
        }

        lock (_flushing)
        {
            TemporaryFile.Write(_file!, [], flush: true);
            Interlocked.Exchange(ref _flushed, Length);
        }
    }
}
