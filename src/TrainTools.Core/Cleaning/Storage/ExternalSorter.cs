using System.Runtime.InteropServices;

namespace TrainTools.Core.Cleaning.Storage;

/// <summary>
/// Sorts more fixed-size items than memory should hold: full buffers are sorted and written to a temporary file each, and
/// reading merges them. Without an overflow nothing touches the disk. Fill it from one thread, read it once or more.
/// </summary>
internal sealed class ExternalSorter<T> : IDisposable
    where T : unmanaged, IComparable<T>
{
    private const int ReadItems = 1 << 14;
    private readonly int _capacity;
    private readonly List<Run> _runs = [];
    private T[] _items = [];
    private int _count;
    private bool _sorted;

    /// <summary>Makes a sorter.</summary>
    /// <param name="memoryBytes">Bytes of items held in memory; a few thousand items are held whatever it says.</param>
    public ExternalSorter(long memoryBytes) =>
        _capacity = (int)Math.Clamp(memoryBytes / Marshal.SizeOf<T>(), 4096, Array.MaxLength / 2);

    /// <summary>Items added.</summary>
    public long Count { get; private set; }

    /// <summary>Bytes written to temporary files.</summary>
    public long SpilledBytes { get; private set; }

    /// <summary>Adds an item.</summary>
    public void Add(T item)
    {
        if (_count == _items.Length)
        {
            Grow();
        }

        _items[_count++] = item;
        Count++;
        _sorted = false;
    }

    /// <summary>Sorts what is in memory, so that several sorters can do so at a time.</summary>
    public void SortMemory()
    {
        if (!_sorted)
        {
            Sort();
            _sorted = true;
        }
    }

    /// <summary>All items in ascending order.</summary>
    public IEnumerable<T> Sorted()
    {
        SortMemory();
        return _runs.Count == 0 ? Memory() : Merge();
    }

    /// <summary>Removes the temporary files.</summary>
    public void Dispose()
    {
        _runs.ForEach(r => r.File.Dispose());
        _runs.Clear();
        _items = [];
        _count = 0;
    }

    private void Grow()
    {
        if (_count < _capacity)
        {
            Array.Resize(ref _items, (int)Math.Min(_capacity, Math.Max(4096L, 2L * _count)));
            return;
        }

        Sort();
        var file = TemporaryFile.Create();
        var bytes = MemoryMarshal.AsBytes(_items.AsSpan(0, _count));
        TemporaryFile.Write(file, bytes, flush: true);
        SpilledBytes += bytes.Length;
        _runs.Add(new Run(file, _count));
        _count = 0;
    }

    private void Sort()
    {
        if (typeof(T) == typeof(ulong))
        {
            RadixSort.Sort(MemoryMarshal.Cast<T, ulong>(_items.AsSpan(0, _count)));
        }
        else
        {
            Array.Sort(_items, 0, _count);
        }
    }

    private IEnumerable<T> Memory()
    {
        for (var i = 0; i < _count; i++)
        {
            yield return _items[i];
        }
    }

    private IEnumerable<T> Merge()
    {
        var queue = new PriorityQueue<IEnumerator<T>, T>(_runs.Count + 1);
        foreach (var source in _runs.Select(r => r.Read()).Append(Memory()))
        {
            var reader = source.GetEnumerator();
            if (reader.MoveNext())
            {
                queue.Enqueue(reader, reader.Current);
            }
        }

        while (queue.TryDequeue(out var reader, out var item))
        {
            yield return item;
            if (reader.MoveNext())
            {
                queue.Enqueue(reader, reader.Current);
            }
        }
    }

    private sealed record Run(FileStream File, long Count)
    {
        public IEnumerable<T> Read()
        {
            var buffer = new T[ReadItems];
            long position = 0;
            for (var left = Count; left > 0;)
            {
                var take = (int)Math.Min(left, ReadItems);
                var length = take * Marshal.SizeOf<T>();
                TemporaryFile.ReadExactly(File, MemoryMarshal.AsBytes(buffer.AsSpan(0, take)), position);
                position += length;
                left -= take;
                for (var i = 0; i < take; i++)
                {
                    yield return buffer[i];
                }
            }
        }
    }
}
