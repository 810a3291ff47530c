using System.IO.Compression;
using System.Text;

namespace TrainTools.Core.Tests.Datasets;

/// <summary>A folder for one test, deleted after it.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder() => Root = Directory.CreateTempSubdirectory("traintools-").FullName;

    public string Root { get; }

    public string File(string name) => Path.Combine(Root, name);

    public string Write(string name, string content) => Write(name, Encoding.UTF8.GetBytes(content));

    public string Write(string name, byte[] content)
    {
        System.IO.File.WriteAllBytes(File(name), content);
        return File(name);
    }

    public string WriteGzip(string name, string content) => Write(name, Gzip(Encoding.UTF8.GetBytes(content)));

    public static byte[] Gzip(byte[] content)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return bytes.ToArray();
    }

    public void Dispose() => Directory.Delete(Root, true);
}
