using System.IO.Compression;

namespace TrainTools.Core.Tests.Cleaning;

internal static class CleaningGoldens
{
    public static byte[] Bytes(string name)
    {
        using var gzip = new GZipStream(File.OpenRead(TestData.Path("Cleaning", name)), CompressionMode.Decompress);
        using var content = new MemoryStream();
        gzip.CopyTo(content);
        return content.ToArray();
    }

    public static string[] Lines(string name) => System.Text.Encoding.UTF8.GetString(Bytes(name)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
