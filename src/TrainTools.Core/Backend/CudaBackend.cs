namespace TrainTools.Core.Backend;

/// <summary>Whether a libtorch with CUDA lies where the trainer looks first, told by its files alone.</summary>
public static class CudaBackend
{
    /// <summary>Whether one is there: in the folder the user named, among the installed backends, or in the package cache.</summary>
    public static bool IsInstalled { get; } = Find();

    private static bool Find()
    {
        try
        {
            var folders = new List<string>();
            if (Environment.GetEnvironmentVariable(BackendPlatform.LibTorchVariable) is { Length: > 0 } configured)
            {
                // Used or refused, never passed over.
                return HasCuda(configured) || HasCuda(Path.Combine(configured, "lib"));
            }

            if (Directory.Exists(BackendPlatform.Installed))
            {
                foreach (var folder in Directory.EnumerateDirectories(BackendPlatform.Installed))
                {
                    var location = Path.Combine(folder, "location");
                    folders.Add(File.Exists(location) ? File.ReadAllText(location).Trim() : folder);
                }
            }

            return folders.Exists(f => HasCuda(f) || HasCuda(Path.Combine(f, "lib")))
                || (Directory.Exists(BackendPlatform.NuGetPackages)
                    && Directory.EnumerateDirectories(BackendPlatform.NuGetPackages, $"libtorch-cuda-{BackendPlatform.CudaPackageVersion}-{BackendPlatform.RuntimeIdentifier}-part*").Any());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }

    private static bool HasCuda(string folder) => File.Exists(Path.Combine(folder, BackendPlatform.FileName("torch_cuda")));
}
