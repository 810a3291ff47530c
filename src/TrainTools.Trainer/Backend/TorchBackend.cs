using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;
using TrainTools.Core.Backend;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Backend;

/// <summary>How libtorch is set up.</summary>
public sealed record TorchBackendOptions
{
    /// <summary>Threads of one operator; null leaves libtorch's own choice.</summary>
    public int? Threads { get; init; }
}

/// <summary>What was loaded.</summary>
/// <param name="LibTorchFolder">Folder libtorch came from.</param>
/// <param name="LibTorchVersion">Its version; null where nothing states it.</param>
/// <param name="BindingPath">The LibTorchSharp file that was loaded.</param>
/// <param name="BindingPatched">Whether that is a private copy adapted to this system's C++ runtime.</param>
/// <param name="Libraries">Every library that was loaded, in order.</param>
/// <param name="CudaProblem">Why libtorch's CUDA part is not loaded; null if it is.</param>
public sealed record TorchBackendInfo(
    string LibTorchFolder, string? LibTorchVersion, string BindingPath, bool BindingPatched, IReadOnlyList<BackendLibrary> Libraries, string? CudaProblem);

/// <summary>
/// Loads libtorch and TorchSharp's native library by absolute path, before anything touches <see cref="torch"/>: a
/// failed load inside TorchSharp would leave its type initializer broken for the life of the process.
/// </summary>
public static class TorchBackend
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, nint> Handles = [];
    private static readonly List<BackendLibrary> Libraries = [];
    private static TorchBackendInfo? loaded;
    private static TrainToolsException? failure;

    /// <summary>What the search for libtorch found; null before <see cref="Initialize"/>.</summary>
    public static BackendChoice? Choice { get; private set; }

    /// <summary>Loads the backend once; later calls only apply the options. Safe to call from any thread.</summary>
    /// <exception cref="TrainToolsException">libtorch is missing, of another version, or does not load.</exception>
    public static TorchBackendInfo Initialize(TorchBackendOptions? options = null)
    {
        lock (Gate)
        {
            if (failure is not null)
            {
                throw failure;
            }

            try
            {
                loaded ??= Load();
            }
            catch (TrainToolsException e)
            {
                failure = e;
                throw;
            }

            if (options?.Threads is { } threads)
            {
                torch.set_num_threads(threads);
                WorkerThreads.Use(threads);
            }

            return loaded;
        }
    }

    private static TorchBackendInfo Load()
    {
        Choice = BackendLocator.Locate(BackendSearch.FromEnvironment());
        var folder = Choice.Folder ?? throw Choice.Error!;
        var (binding, patched) = BindingLibrary.Prepare(BindingLibrary.Find());

        LoadFile("c10", folder);
        if (Environment.GetEnvironmentVariable(AllocatorSettings.ReuseVariable) == "1")
        {
            BlockReuse.Install(Libraries[^1].Path);
        }

        LoadFile("torch_cpu", folder);
        OperatorThreads.Install();
        var cudaProblem = LoadCuda(folder);
        LoadFile("torch", folder);
        LoadFile("LibTorchSharp", binding, binding);

        // TorchSharp asks the runtime for the same libraries by name: once through P/Invoke, once through NativeLibrary,
        // which does not consult the resolver but does raise the context's event when its own search finds nothing.
        var assembly = typeof(torch).Assembly;
        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => Resolve(name, folder));
        AssemblyLoadContext.GetLoadContext(assembly)!.ResolvingUnmanagedDll += (_, name) => Resolve(name, folder);
        if (!torch.TryInitializeDeviceType(DeviceType.CPU))
        {
            throw Failed(binding, "TorchSharp did not accept the loaded libraries", null);
        }

        return new TorchBackendInfo(folder, Choice.Version, binding, patched, [.. Libraries], cudaProblem);
    }

    /// <summary>Loads the CUDA part where the folder has one. A failure leaves the CPU to work with, and is told.</summary>
    private static string? LoadCuda(string folder)
    {
        if (!File.Exists(Path.Combine(folder, BackendPlatform.FileName("torch_cuda"))))
        {
            return "this libtorch was built without CUDA";
        }

        try
        {
            LoadFile("c10_cuda", folder);
            LoadFile("torch_cuda", folder);
            return null;
        }
        catch (TrainToolsException e)
        {
            return e.Message;
        }
    }

    /// <summary>A library TorchSharp asks for: one that is loaded, or (cuDNN's parts on Windows) one beside libtorch.</summary>
    private static nint Resolve(string name, string folder)
    {
        if (Handles.TryGetValue(name, out var handle))
        {
            return handle;
        }

        var path = Path.Combine(folder, name.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? name : BackendPlatform.FileName(name));
        return File.Exists(path) && NativeLibrary.TryLoad(path, out handle) ? handle : 0;
    }

    private static void LoadFile(string library, string folder, string? file = null)
    {
        var path = file ?? Path.Combine(folder, BackendPlatform.FileName(library));
        try
        {
            Handles[library] = NativeLibrary.Load(path);
            Libraries.Add(new BackendLibrary(library, path));
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw Failed(path, e.Message, e);
        }
    }

    private static TrainToolsException Failed(string path, string reason, Exception? inner) => new(
        ErrorIds.BackendLoadFailed,
        ErrorKind.Unexpected,
        $"'{path}' could not be loaded: {reason}",
        "Run Get-TrainingBackend to see which libtorch was chosen and why.",
        path,
        inner);
}
