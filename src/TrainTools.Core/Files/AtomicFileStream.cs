using System.Collections.Concurrent;

namespace TrainTools.Core.Files;

/// <summary>
/// A file being written under a temporary name in its folder. <see cref="Commit"/> flushes it to the disk and renames it
/// over the old file; without that, disposing of it removes it and the old file stays. A process that is told to end in the
/// middle (a second Ctrl+C) removes it too.
/// </summary>
public sealed class AtomicFileStream : IDisposable
{
    private static readonly ConcurrentDictionary<string, bool> Open = Tracked();

    private readonly string _temporary;
    private bool _done;

    /// <summary>Creates the temporary file.</summary>
    /// <param name="path">Name of the file to be.</param>
    /// <exception cref="IOException">It cannot be made, or the name is a device's.</exception>
    public AtomicFileStream(string path)
    {
        TargetPath = Path.GetFullPath(path);
        if (!OperatingSystem.IsWindows() && TargetPath.StartsWith("/dev/", StringComparison.Ordinal) && !TargetPath.StartsWith("/dev/shm/", StringComparison.Ordinal))
        {
            // A rename would put a file in the device's place; as root it would even succeed.
            throw new IOException($"'{TargetPath}' is a device, not a file: what is written whole or not at all takes the place of what was there.");
        }

        _temporary = Path.Combine(
            Path.GetDirectoryName(TargetPath)!, $"{Path.GetFileName(TargetPath)}.{Path.GetRandomFileName()[..8]}{AtomicFile.TemporarySuffix}");
        Open[_temporary] = true;
        try
        {
            Stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        }
        catch (Exception e)
        {
            Open.TryRemove(_temporary, out _);
            if (e is DirectoryNotFoundException)
            {
                throw new DirectoryNotFoundException($"The folder of {TargetPath} does not exist.", e);
            }

            throw;
        }
    }

    /// <summary>Full path of the file to be.</summary>
    public string TargetPath { get; }

    /// <summary>What is written.</summary>
    public FileStream Stream { get; }

    /// <summary>Makes the file the one under its name.</summary>
    public void Commit()
    {
        Stream.Flush(flushToDisk: true);
        Stream.Dispose();
        AtomicFile.Replace(_temporary, TargetPath);
        _done = true;
        Open.TryRemove(_temporary, out _);
        AtomicFile.FlushFolder(Path.GetDirectoryName(TargetPath)!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_done)
        {
            return;
        }

        _done = true;
        try
        {
            Stream.Dispose();
        }
        catch (IOException)
        {
            // The disk is full: what could not be flushed is thrown away with the rest.
        }

        try
        {
            File.Delete(_temporary);
        }
        catch (DirectoryNotFoundException)
        {
            // Its folder is gone, and the file with it.
        }

        Open.TryRemove(_temporary, out _);
    }

    private static ConcurrentDictionary<string, bool> Tracked()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => RemoveOpen();
        return new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
    }

    private static void RemoveOpen()
    {
        foreach (var temporary in Open.Keys)
        {
            try
            {
                File.Delete(temporary);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Windows keeps files that are still open; nothing more can be done at this point.
            }
        }
    }
}
