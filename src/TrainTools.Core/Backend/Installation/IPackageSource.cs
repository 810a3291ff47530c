namespace TrainTools.Core.Backend.Installation;

/// <summary>Where packages come from.</summary>
public interface IPackageSource
{
    /// <summary>The names of a package's dependencies, read from its manifest.</summary>
    IReadOnlyList<PackageIdentity> Dependencies(PackageIdentity package, CancellationToken cancellationToken);

    /// <summary>The SHA-512 that the source states for a package, in base64; null if it states none.</summary>
    string? Checksum(PackageIdentity package, CancellationToken cancellationToken);

    /// <summary>Gets a package's file.</summary>
    /// <param name="package">The package.</param>
    /// <param name="folder">Folder for downloads; what is left there of an earlier try is gone on with.</param>
    /// <param name="report">Takes the bytes done and of the whole file.</param>
    /// <param name="cancellationToken">Ends it; what has come so far stays.</param>
    /// <returns>Path of the file: in the folder, or where it already lies.</returns>
    string Fetch(PackageIdentity package, string folder, Action<long, long> report, CancellationToken cancellationToken);
}
