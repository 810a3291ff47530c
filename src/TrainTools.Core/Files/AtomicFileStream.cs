namespace TrainTools.Core.Files;

/// <summary>
/// A file being written under a temporary name in its folder. <see cref="Commit"/> flushes it to the disk and renames it
/// over the old file; without that, disposing of it removes it and the old file stays.
/// </summary>
public sealed class AtomicFileStream : IDisposable
{
    private readonly string _temporary;
    private bool _done;

    /// <summary>Creates the temporary file.</summary>
    /// <param name="path">Name of the file to be.</param>
    public AtomicFileStream(string path)
    {
        TargetPath = Path.GetFullPath(path);
        _temporary = Path.Combine(
            Path.GetDirectoryName(TargetPath)!, $"{Path.GetFileName(TargetPath)}.{Path.GetRandomFileName()[..8]}{AtomicFile.TemporarySuffix}");
        Stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
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
    }
}
