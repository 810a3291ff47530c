using TrainTools.Core.Errors;

namespace TrainTools.Core.Cleaning.Storage;

/// <summary>Files for what does not fit into memory; the system deletes them when they are closed.</summary>
internal static class TemporaryFile
{
    /// <summary>Creates one in the folder for temporary files.</summary>
    public static FileStream Create()
    {
        var path = Path.Combine(Path.GetTempPath(), $"traintools-{Path.GetRandomFileName()}");
        try
        {
            return new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, e);
        }
    }

    /// <summary>Writes at the file's end; with <paramref name="flush"/> through to the system.</summary>
    /// <exception cref="TrainToolsException">TemporaryFileFailed: the disk is full.</exception>
    public static void Write(FileStream file, ReadOnlySpan<byte> bytes, bool flush = false)
    {
        try
        {
            file.Write(bytes);
            if (flush)
            {
                file.Flush();
            }
        }
        catch (IOException e)
        {
            throw Failed(file.Name, e);
        }
    }

    private static TrainToolsException Failed(string path, Exception e) => new(
        ErrorIds.TemporaryFileFailed, ErrorKind.IO, $"The temporary file {path} could not be written: {e.Message.TrimEnd('.')}.",
        "Free space there, point TMPDIR (TEMP on Windows) to another disk, or raise the memory limit so that nothing is spilled.", path, e);

    /// <summary>Reads at a place without moving the file's own position.</summary>
    public static void ReadExactly(FileStream file, Span<byte> bytes, long position)
    {
        while (!bytes.IsEmpty)
        {
            var read = RandomAccess.Read(file.SafeFileHandle, bytes, position);
            if (read == 0)
            {
                throw new EndOfStreamException(file.Name);
            }

            bytes = bytes[read..];
            position += read;
        }
    }
}
