using System.Security.Cryptography;

namespace TrainTools.Core.Files;

/// <summary>Hashes of files, as `sha256sum` prints them.</summary>
public static class FileHash
{
    /// <summary>SHA-256 in lower-case hexadecimal digits.</summary>
    public static string Sha256(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 20, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
