using System.Runtime.InteropServices;
using System.Text;

namespace TrainTools.Core.Files;

/// <summary>
/// Writes a file whole or not at all: to a temporary name in the same folder, flushed to the disk, then renamed over
/// the old file. A reader, a crash or a power cut sees the old content or the new one, never a part.
/// </summary>
public static partial class AtomicFile
{
    /// <summary>Ends of the names of files that are being written; left over only by a killed process.</summary>
    public const string TemporarySuffix = ".tmp";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes what <paramref name="write"/> puts into the stream. If it throws, the old file stays.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var file = new AtomicFileStream(path);
        write(file.Stream);
        file.Commit();
    }

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    public static void WriteText(string path, string text) => WriteBytes(path, Utf8.GetBytes(text));

    /// <summary>Writes bytes.</summary>
    public static void WriteBytes(string path, ReadOnlyMemory<byte> bytes) => Write(path, stream => stream.Write(bytes.Span));

    /// <summary>
    /// Makes the names in a folder durable (new files, renames, removals). Unix needs this beside flushing the files;
    /// Windows keeps its directories in a journal. File systems that cannot do it are let be.
    /// </summary>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(folder, 0);
        if (descriptor >= 0)
        {
            _ = Sync(descriptor);
            _ = Close(descriptor);
        }
    }

    /// <summary>
    /// Renames over the target. On Windows a reader that holds the old file open for a moment makes the rename fail:
    /// it is tried again for about a second.
    /// </summary>
    internal static void Replace(string temporary, string target)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                File.Move(temporary, target, overwrite: true);
                return;
            }
            catch (Exception e) when (OperatingSystem.IsWindows() && attempt < 20 && e is IOException or UnauthorizedAccessException)
            {
                Thread.Sleep(50);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
