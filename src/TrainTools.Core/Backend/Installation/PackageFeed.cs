using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Backend.Installation;

/// <summary>
/// A package feed of protocol version 3, by the address of its index. Downloads are gone on with where they stopped.
/// Protocol: https://learn.microsoft.com/nuget/api/overview.
/// </summary>
public sealed class PackageFeed : IPackageSource, IDisposable
{
    private const string PartialSuffix = ".partial";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private readonly HttpClient client;
    private readonly Uri index;
    private JsonElement? resources;

    /// <summary>Names a feed.</summary>
    /// <param name="index">Address of its index (…/index.json).</param>
    /// <param name="handler">How to reach it; null = the network.</param>
    public PackageFeed(Uri index, HttpMessageHandler? handler = null)
    {
        this.index = index;

        // The catalogue of checksums is compressed without being asked.
        client = new HttpClient(handler ?? new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All }) { Timeout = Patience };
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <inheritdoc/>
    public IReadOnlyList<PackageIdentity> Dependencies(PackageIdentity package, CancellationToken cancellationToken)
    {
        using var response = Get(Address(package, $"{package.Id}.nuspec"), package, cancellationToken);
        using var stream = response.Content.ReadAsStream(cancellationToken);
        return PackageManifest.Dependencies(stream, package);
    }

    /// <inheritdoc/>
    public string? Checksum(PackageIdentity package, CancellationToken cancellationToken)
    {
        // Registration leaf → catalogue entry → hash. A feed need not have either.
        try
        {
            if (Resource("RegistrationsBaseUrl") is { } registrations
                && Json(new Uri(registrations, $"{package.Id}/{package.Version}.json"), package, cancellationToken) is { } leaf
                && leaf.TryGetProperty("catalogEntry", out var entry) && entry.ValueKind == JsonValueKind.String
                && Json(new Uri(entry.GetString()!), package, cancellationToken) is { } catalogue
                && catalogue.TryGetProperty("packageHash", out var hash) && catalogue.TryGetProperty("packageHashAlgorithm", out var algorithm)
                && string.Equals(algorithm.GetString(), "SHA512", StringComparison.OrdinalIgnoreCase))
            {
                return hash.GetString();
            }
        }
        catch (TrainToolsException)
        {
            // No statement is not a wrong one.
        }

        return null;
    }

    /// <inheritdoc/>
    public string Fetch(PackageIdentity package, string folder, Action<long, long> report, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, package.FileName);
        if (File.Exists(file))
        {
            return file;
        }

        var partial = file + PartialSuffix;
        var start = File.Exists(partial) ? new FileInfo(partial).Length : 0;
        var address = Address(package, package.FileName);
        try
        {
            using var response = Get(address, package, cancellationToken, start);
            var goesOn = response.StatusCode == HttpStatusCode.PartialContent;
            var total = (response.Content.Headers.ContentLength ?? 0) + (goesOn ? start : 0);
            using (var target = new FileStream(partial, goesOn ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
            {
                using var source = response.Content.ReadAsStream(cancellationToken);
                Copy(source, target, total, report, cancellationToken);
            }

            var length = new FileInfo(partial).Length;
            if (total > 0 && length != total)
            {
                throw new IOException($"{length} of {total} bytes came");
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Failed(address, e);
        }

        File.Move(partial, file, overwrite: true);
        return file;
    }

    private static void Copy(Stream source, FileStream target, long total, Action<long, long> report, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 17];
        int read;
        while ((read = source.Read(buffer)) > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            target.Write(buffer, 0, read);
            report(target.Position, total);
        }
    }

    private Uri Address(PackageIdentity package, string file) =>
        new Uri(Resource("PackageBaseAddress") ?? throw new TrainToolsException(
            ErrorIds.PackageSourceUnknown, ErrorKind.InvalidArgument, $"{index} is no index of a package feed: it names no PackageBaseAddress.", "Give the address that ends in index.json, or a folder.", index.ToString()),
            $"{package.Id}/{package.Version}/{file}");

    private Uri? Resource(string type)
    {
        resources ??= Json(index, null, CancellationToken.None) is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("resources", out var list) ? list
            : throw new TrainToolsException(ErrorIds.PackageSourceUnknown, ErrorKind.InvalidArgument, $"{index} is no index of a package feed.", "Give the address that ends in index.json, or a folder.", index.ToString());
        var found = resources.Value.EnumerateArray().LastOrDefault(r => r.GetProperty("@type").GetString()!.StartsWith(type, StringComparison.Ordinal));
        return found.ValueKind == JsonValueKind.Object && found.GetProperty("@id").GetString() is { } address ? new Uri(address.TrimEnd('/') + "/") : null;
    }

    private JsonElement? Json(Uri address, PackageIdentity? package, CancellationToken cancellationToken)
    {
        using var response = Get(address, package, cancellationToken);
        using var stream = response.Content.ReadAsStream(cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(stream);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private HttpResponseMessage Get(Uri address, PackageIdentity? package, CancellationToken cancellationToken, long start = 0)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (start > 0)
        {
            request.Headers.Range = new RangeHeaderValue(start, null);
        }

        HttpResponseMessage response;
        try
        {
            response = client.Send(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Failed(address, e);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        var status = response.StatusCode;
        response.Dispose();
        if (status == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // What lies there is longer than the file: from the beginning.
            return Get(address, package, cancellationToken);
        }

        throw status == HttpStatusCode.NotFound && package is not null
            ? new TrainToolsException(ErrorIds.PackageNotFound, ErrorKind.NotFound, $"The feed has no package {package} ({address}).", "Name another feed or a folder with -Source.", package.FileName)
            : Failed(address, new HttpRequestException($"the server answers {(int)status} ({status})"));
    }

    private static TrainToolsException Failed(Uri address, Exception e) => new(
        ErrorIds.PackageDownloadFailed, ErrorKind.ResourceUnavailable, $"{address} could not be read: {e.Message}",
        "Run the command again: it goes on where it stopped. Without a network name a folder with the packages (-Source).", address.ToString(), e);
}
