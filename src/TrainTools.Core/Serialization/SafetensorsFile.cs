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
    private readonly FileStream stream;
    private byte* start;

    private SafetensorsFile(string path, FileStream stream, MemoryMappedFile map, MemoryMappedViewAccessor view, byte* start, SafetensorsHeader header)
    {
        Path = path;
        this.stream = stream;
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
        FileStream? stream = null;
        try
        {
            // Delete sharing lets another process replace the file by renaming over it while it is open.
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            long length = stream.Length;
            Span<byte> first = stackalloc byte[8];
            int read = stream.ReadAtLeast(first, 8, throwOnEndOfStream: false);
            int headerLength = SafetensorsHeader.CheckedLength(first[..read], length, path);
            var file = Map(path, stream, length, headerLength);
            stream = null;
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(ErrorIds.ModelFileUnreadable, ErrorKind.IO, $"'{path}' could not be read: {e.Message}", null, path, e);
        }
        finally
        {
            stream?.Dispose();
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

    /// <summary>
    /// Copies bytes of a tensor into other memory by reading, not through the map: pages of a map count as the process's
    /// own once they have been touched, and would double what loading a model takes. Safe to call from several threads.
    /// </summary>
    /// <param name="entry">The tensor.</param>
    /// <param name="offset">First byte of it.</param>
    /// <param name="target">Where they go; as many as there is room for.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.SafetensorsTruncated"/>: the file has shrunk since it was opened; <see cref="ErrorIds.ModelFileUnreadable"/>.</exception>
    public void Read(SafetensorsEntry entry, long offset, Span<byte> target)
    {
        ArgumentNullException.ThrowIfNull(entry);
        try
        {
            for (long at = entry.Offset + offset; target.Length > 0;)
            {
                int read = RandomAccess.Read(stream.SafeFileHandle, target, at);
                if (read == 0)
                {
                    throw new TrainToolsException(ErrorIds.SafetensorsTruncated, ErrorKind.InvalidData, $"'{Path}' ends within tensor '{entry.Name}': it has become shorter since it was opened.", "Wait until whatever writes the file is done, or download it again.", Path);
                }

                target = target[read..];
                at += read;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(ErrorIds.ModelFileUnreadable, ErrorKind.IO, $"'{Path}' could not be read: {e.Message}", null, Path, e);
        }
    }

    /// <summary>Unmaps and closes the file.</summary>
    public void Dispose()
    {
        if (start is not null)
        {
            start = null;
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        view.Dispose();
        map.Dispose();
        stream.Dispose();
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
            return new SafetensorsFile(path, stream, map, view, start, header);
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
