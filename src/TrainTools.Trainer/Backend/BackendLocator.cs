using TrainTools.Core.Backend;
using TrainTools.Core.Errors;

namespace TrainTools.Trainer.Backend;

/// <summary>The libtorch that was chosen, with everything that was looked at on the way.</summary>
/// <param name="Folder">Folder with the libraries; null if none was found.</param>
/// <param name="Version">Its version; null where nothing states it.</param>
/// <param name="Candidates">Every place, in order, with the reason it was taken or not.</param>
/// <param name="Error">Why none was chosen; null if one was.</param>
public sealed record BackendChoice(string? Folder, string? Version, IReadOnlyList<BackendCandidate> Candidates, TrainToolsException? Error);

/// <summary>
/// Finds the one libtorch of this machine: the folder the user named, an installed backend, the package cache, a Python
/// installation. The first that holds the right version is taken. Nothing is loaded here.
/// </summary>
public static class BackendLocator
{
    private static readonly string CoreFile = BackendPlatform.FileName("torch_cpu");

    /// <summary>Looks everywhere the search says.</summary>
    public static BackendChoice Locate(BackendSearch search)
    {
        ArgumentNullException.ThrowIfNull(search);
        var seen = new List<BackendCandidate>();
        var places = search.Configured is { } configured ? Configured(configured) : Installed(search).Concat(Packages(search)).Concat(Python(search));
        foreach (var place in places)
        {
            var candidate = Judge(place, search);
            seen.Add(candidate);
            if (candidate.Taken)
            {
                return new BackendChoice(candidate.Path, candidate.Version, seen, null);
            }
        }

        return new BackendChoice(null, null, seen, Explain(seen, search));
    }

    private static BackendCandidate Judge(Place place, BackendSearch search)
    {
        if (place.Refusal is not null)
        {
            return new BackendCandidate(place.Source, place.Folder, place.Version, false, place.Refusal);
        }

        if (!File.Exists(Path.Combine(place.Folder, CoreFile)))
        {
            return new BackendCandidate(place.Source, place.Folder, null, false, $"there is no {CoreFile}");
        }

        var version = place.Version ?? LibTorchVersion.Read(place.Folder);
        return version switch
        {
            BackendPlatform.LibTorchVersion => new BackendCandidate(place.Source, place.Folder, version, true, "it holds the right version"),
            null when place.Named => new BackendCandidate(place.Source, place.Folder, null, true, "it was named; its version is not stated anywhere"),
            null => new BackendCandidate(place.Source, place.Folder, null, false, "its version is not stated anywhere"),
            _ when search.Force => new BackendCandidate(place.Source, place.Folder, version, true, $"version {version} instead of {BackendPlatform.LibTorchVersion}, forced"),
            _ => new BackendCandidate(place.Source, place.Folder, version, false, WrongVersion(version)),
        };
    }

    private static string WrongVersion(string version) =>
        $"version {version} is not {BackendPlatform.LibTorchVersion}, which TorchSharp {BackendPlatform.TorchSharpVersion} was built against";

    private static IEnumerable<Place> Configured(string folder)
    {
        // The folder of the libraries, or of an unpacked archive or Python package that holds them in lib/.
        var lib = Path.Combine(folder, "lib");
        yield return new Place(BackendPlatform.LibTorchVariable, !File.Exists(Path.Combine(folder, CoreFile)) && File.Exists(Path.Combine(lib, CoreFile)) ? lib : folder, Named: true);
    }

    private static IEnumerable<Place> Installed(BackendSearch search)
    {
        if (!Directory.Exists(search.InstalledFolder))
        {
            yield return new Place("installed", search.InstalledFolder, Refusal: "no backend is installed there");
            yield break;
        }

        // Reverse order of names puts cuda before cpu and a later version before an earlier one.
        foreach (var folder in Directory.EnumerateDirectories(search.InstalledFolder).OrderDescending(StringComparer.Ordinal))
        {
            var pointer = Path.Combine(folder, "location");
            var target = File.Exists(pointer) ? File.ReadAllText(pointer).Trim() : folder;
            var lib = Path.Combine(target, "lib");
            yield return new Place("installed", File.Exists(Path.Combine(lib, CoreFile)) ? lib : target);
        }
    }

    private static IEnumerable<Place> Packages(BackendSearch search)
    {
        foreach (var packages in search.PackageFolders)
        {
            if (CudaPackages.Find(packages) is { } cuda)
            {
                var (folder, problem) = search.NvidiaDriver ? cuda.Link(search.CacheFolder) : (null, "this machine has no NVIDIA driver");
                yield return new Place("nuget", folder ?? cuda.Describe(packages), BackendPlatform.LibTorchVersion, problem);
            }

            var rid = BackendPlatform.RuntimeIdentifier;
            var package = Path.Combine(packages, $"libtorch-cpu-{rid}");
            var exact = Path.Combine(package, BackendPlatform.LibTorchVersion);
            var versions = Directory.Exists(exact) || !Directory.Exists(package) ? [exact] : Directory.GetDirectories(package);
            foreach (var version in versions)
            {
                yield return new Place("nuget", Path.Combine(version, "runtimes", rid, "native"));
            }
        }
    }

    private static IEnumerable<Place> Python(BackendSearch search) => search.PythonPackageFolders
        .Select(f => Path.Combine(f, "torch", "lib")).Where(Directory.Exists).Select(f => new Place("python", f));

    private static TrainToolsException Explain(List<BackendCandidate> seen, BackendSearch search)
    {
        var wrong = seen.FirstOrDefault(c => c.Version is not null && c.Version != BackendPlatform.LibTorchVersion);
        if (wrong is not null)
        {
            return new TrainToolsException(
                ErrorIds.BackendVersionMismatch,
                ErrorKind.NotSupported,
                $"The libtorch in '{wrong.Path}' cannot be used: {wrong.Reason}.",
                $"Install libtorch {BackendPlatform.LibTorchVersion} (Install-TrainingBackend). To try this one all the same, set {BackendPlatform.ForceVariable}=1.",
                wrong.Path);
        }

        var places = string.Join("; ", seen.Select(c => $"{c.Path} ({c.Reason})"));
        return new TrainToolsException(
            ErrorIds.BackendNotFound,
            ErrorKind.NotFound,
            search.Configured is not null
                ? $"{BackendPlatform.LibTorchVariable} names '{search.Configured}', where there is no {CoreFile}."
                : $"libtorch {BackendPlatform.LibTorchVersion} was not found. Looked at: {places}.",
            search.Configured is not null
                ? "Name the folder that holds the libtorch libraries, or remove the variable."
                : $"Run Install-TrainingBackend, or set {BackendPlatform.LibTorchVariable} to the folder that holds the libraries.",
            search.Configured ?? CoreFile);
    }

    /// <summary>A folder to judge.</summary>
    private sealed record Place(string Source, string Folder, string? Version = null, string? Refusal = null, bool Named = false);
}
