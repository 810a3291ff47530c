namespace TrainTools.Core.Data.Sources;

/// <summary>A temporary copy of content that must be seekable; deleted when disposed of.</summary>
internal sealed class SpooledFile : IDisposable
{
    private FileStream? _copy;

    /// <summary>Copies a stream.</summary>
    public Stream Copy(Stream content)
    {
        _copy = new FileStream(
            Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        content.CopyTo(_copy);
        _copy.Position = 0;
        return _copy;
    }

    public void Dispose() => _copy?.Dispose();
}
