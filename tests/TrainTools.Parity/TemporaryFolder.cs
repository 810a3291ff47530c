namespace TrainTools.Parity;

/// <summary>A folder that goes when it is disposed of.</summary>
public sealed class TemporaryFolder : IDisposable
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("traintools-parity-").FullName;

    /// <summary>Removes it with what is in it.</summary>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
