using System.IO.MemoryMappedFiles;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Serialization;

/// <summary>
/// A safetensors file mapped into memory: the header is read and checked on opening, the tensors' bytes stay on disk
/// until somebody touches them. The pointers it hands out live until <see cref="Dispose"/>.
/// </summary>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly Dictionary<string, SafetensorsEntry> byName = new(StringComparer.Ordinal);
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private byte* start;

    private SafetensorsFile(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, byte* start, SafetensorsHeader header)
    {
        Path = path;
        this.map = map;
        this.view = view;
        this.start = start;
        Header = header;
        foreach (var entry in header.Entries)
        {
            byName.Add(entry.Name, entry);
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its header.</summary>
    public SafetensorsHeader Header { get; }

    /// <summary>The tensors in the order of their bytes.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries => Header.Entries;

    /// <summary>Opens and checks a file. Errors: SafetensorsInvalid, SafetensorsTruncated, ModelFileUnreadable.</summary>
    public static SafetensorsFile Open(string path)
    {
        try
        {
            // Delete sharing lets another process replace the file by renaming over it while it is mapped.
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1);
            long length = stream.Length;
            Span<byte> first = stackalloc byte[8];
            int read = stream.ReadAtLeast(first, 8, throwOnEndOfStream: false);
            int headerLength = SafetensorsHeader.CheckedLength(first[..read], length, path);
            return Map(path, stream, length, headerLength);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(ErrorIds.ModelFileUnreadable, ErrorKind.IO, $"'{path}' could not be read: {e.Message}", null, path, e);
        }
    }

    /// <summary>The tensor of that name; false where there is none.</summary>
    public bool TryGet(string name, out SafetensorsEntry entry) => byName.TryGetValue(name, out entry!);

    /// <summary>Address of a tensor's first byte; not aligned to the element type unless the writer took care.</summary>
    public byte* Pointer(SafetensorsEntry entry)
    {
        ObjectDisposedException.ThrowIf(start is null, this);
        return start + entry.Offset;
    }

    /// <summary>A tensor's bytes; only for tensors under 2 GB.</summary>
    public ReadOnlySpan<byte> Bytes(SafetensorsEntry entry) => new(Pointer(entry), checked((int)entry.ByteLength));

    /// <summary>Unmaps the file.</summary>
    public void Dispose()
    {
        if (start is not null)
        {
            start = null;
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        view.Dispose();
        map.Dispose();
    }

    private static SafetensorsFile Map(string path, FileStream stream, long length, int headerLength)
    {
        MemoryMappedFile? map = null;
        MemoryMappedViewAccessor? view = null;
        byte* start = null;
        try
        {
            map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            start += view.PointerOffset;
            var header = SafetensorsHeader.Parse(new ReadOnlySpan<byte>(start + 8, headerLength), length, path);
            return new SafetensorsFile(path, map, view, start, header);
        }
        catch
        {
            if (start is not null)
            {
                view!.SafeMemoryMappedViewHandle.ReleasePointer();
            }

            view?.Dispose();
            map?.Dispose();
            throw;
        }
    }
}
