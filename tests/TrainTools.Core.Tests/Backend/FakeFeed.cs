using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace TrainTools.Core.Tests.Backend;

/// <summary>A package feed over a folder of packages, which can break off every answer after some bytes.</summary>
internal sealed class FakeFeed(string folder) : HttpMessageHandler
{
    public static readonly Uri Index = new("https://feed.example/v3/index.json");

    /// <summary>Bytes of a package's file after which the connection breaks; 0 = never.</summary>
    public int BreakAfter { get; init; }

    public List<string> Requests { get; } = [];

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath.Trim('/').Split('/');
        Requests.Add($"{request.RequestUri} {request.Headers.Range}");
        return path switch
        {
            ["v3", "index.json"] => Text("""{"resources":[{"@id":"https://feed.example/flat/","@type":"PackageBaseAddress/3.0.0"},{"@id":"https://feed.example/reg/","@type":"RegistrationsBaseUrl/3.6.0"}]}"""),
            ["flat", var id, var version, var file] when File.Exists(Package(id, version)) => file.EndsWith(".nuspec", StringComparison.Ordinal)
                ? Text(Manifest(Package(id, version)))
                : Content(File.ReadAllBytes(Package(id, version)), (int)(request.Headers.Range?.Ranges.First().From ?? 0), request.Headers.Range is not null),
            ["reg", var id, var leaf] =>
                Text($$"""{"catalogEntry":"https://feed.example/cat/{{id}}/{{Path.GetFileNameWithoutExtension(leaf)}}"}"""),
            ["cat", var id, var version] =>
                Text($$"""{"packageHash":"{{Convert.ToBase64String(SHA512.HashData(File.ReadAllBytes(Package(id, version))))}}","packageHashAlgorithm":"SHA512"}"""),
            _ => new HttpResponseMessage(HttpStatusCode.NotFound),
        };
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(Send(request, cancellationToken));

    private string Package(string id, string version) => Path.Combine(folder, $"{id}.{version}.nupkg");

    private static string Manifest(string package)
    {
        using var archive = ZipFile.OpenRead(package);
        using var reader = new StreamReader(archive.Entries.First(e => e.Name.EndsWith(".nuspec", StringComparison.Ordinal)).Open());
        return reader.ReadToEnd();
    }

    private static HttpResponseMessage Text(string text) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) };

    private HttpResponseMessage Content(byte[] bytes, int start, bool isRange)
    {
        var rest = bytes[start..];
        var content = new StreamContent(BreakAfter > 0 && rest.Length > BreakAfter ? new BreakingStream(rest[..BreakAfter]) : new MemoryStream(rest));
        content.Headers.ContentLength = rest.Length;
        return new HttpResponseMessage(isRange ? HttpStatusCode.PartialContent : HttpStatusCode.OK) { Content = content };
    }

    private sealed class BreakingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, count) is > 0 and var read ? read : throw new IOException("the connection broke");

        // MemoryStream sends this to the other.
        public override int Read(Span<byte> buffer)
        {
            var bytes = new byte[buffer.Length];
            var read = Read(bytes, 0, bytes.Length);
            bytes.AsSpan(0, read).CopyTo(buffer);
            return read;
        }
    }
}
