using TrainTools.Core.Errors;

namespace TrainTools.Trainer.Backend;

/// <summary>Finds the one libtorch of this machine.</summary>
public static class BackendLocator
{
    /// <summary>Folder with the libtorch libraries.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.BackendNotFound"/>.</exception>
    public static string Find()
    {
        var file = BackendPlatform.FileName("torch_cpu");
        var folders = new List<string>();
        if (Environment.GetEnvironmentVariable("TRAINTOOLS_LIBTORCH") is { Length: > 0 } configured)
        {
            folders.Add(configured);
            folders.Add(Path.Combine(configured, "lib"));
        }

        folders.Add(Path.Combine(
            BackendPlatform.NuGetPackages, $"libtorch-cpu-{BackendPlatform.RuntimeIdentifier}", BackendPlatform.LibTorchVersion, "runtimes", BackendPlatform.RuntimeIdentifier, "native"));
        return folders.FirstOrDefault(f => File.Exists(Path.Combine(f, file))) ?? throw new TrainToolsException(
            ErrorIds.BackendNotFound,
            ErrorKind.NotFound,
            $"libtorch {BackendPlatform.LibTorchVersion} ({file}) was found in none of: {string.Join(", ", folders)}.",
            "Run Install-TrainingBackend, or set TRAINTOOLS_LIBTORCH to the folder that holds it.",
            file);
    }
}
