using System.Security.Cryptography;

namespace TrainTools.Core.Backend.Installation;

/// <summary>
/// SHA-512 of packages, in base64 as package tools write them. Those of the CPU packages are fixed here: nothing that a feed
/// or a folder says can replace them.
/// </summary>
public static class PackageChecksums
{
    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["libtorch-cpu-linux-x64 2.10.0"] = "XjuaFwqqvwstyeUWyz/xtfhODesmagoPKO7T0VRmiW+r0pJwsXB/vHydA7it9xge36PSXW1qLyRRzvM3J8i9UA==",
        ["libtorch-cpu-osx-arm64 2.10.0"] = "njbW4NbjnO3UYsZymJA5EA8kvFQZveW2rVS07QinYOxxgs6hyZFTI82zBDt0ix1yRRCZ+v+fm+pHXG37WKjyhA==",
        ["libtorch-cpu-win-arm64 2.10.0"] = "7NCaiSTge6axhCnH5Im+1ZNSkiuA+zuYe6ZPYph9MmXS4QozEEHUcualKvMVlygxhaZOR6N3nCYqm3Ibxq5+JA==",
        ["libtorch-cpu-win-x64 2.10.0"] = "qvrEe8b8U1SPnsqShWgJ9gE/UfzFiq+QRPJdAegxwtEBgL/jZPQPvKAhqYkpEe5kb6AXCi840KDqvDaHQuAqEA==",
    };

    /// <summary>The checksum that is fixed for a package; null if none is.</summary>
    public static string? Of(PackageIdentity package) => Known.GetValueOrDefault($"{package.Id} {package.Version}");

    /// <summary>The checksum of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="report">Takes the bytes done and of the whole file.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static string Compute(string path, Action<long, long> report, CancellationToken cancellationToken)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        var buffer = new byte[1 << 20];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
            report(stream.Position, stream.Length);
        }

        return Convert.ToBase64String(hash.GetHashAndReset());
    }
}
