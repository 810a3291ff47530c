namespace TrainTools.Core.Backend.Installation;

/// <summary>A package by name and version.</summary>
/// <param name="Id">Its name, in small letters.</param>
/// <param name="Version">Its version.</param>
public sealed record PackageIdentity(string Id, string Version)
{
    /// <summary>Name of its file.</summary>
    public string FileName => $"{Id}.{Version}.nupkg";

    /// <inheritdoc/>
    public override string ToString() => $"{Id} {Version}";
}
