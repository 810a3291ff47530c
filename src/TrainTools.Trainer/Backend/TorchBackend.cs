using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;
using TrainTools.Core.Errors;

namespace TrainTools.Trainer.Backend;

/// <summary>How libtorch is set up.</summary>
public sealed record TorchBackendOptions
{
    /// <summary>Threads of one operator; null leaves libtorch's own choice.</summary>
    public int? Threads { get; init; }
}

/// <summary>What was loaded.</summary>
/// <param name="LibTorchFolder">Folder libtorch came from.</param>
/// <param name="BindingPath">The LibTorchSharp file that was loaded.</param>
/// <param name="BindingPatched">Whether that is a private copy adapted to this system's C++ runtime.</param>
public sealed record TorchBackendInfo(string LibTorchFolder, string BindingPath, bool BindingPatched);

/// <summary>
/// Loads libtorch and TorchSharp's native library by absolute path, before anything touches <see cref="torch"/>: a
/// failed load inside TorchSharp would leave its type initializer broken for the life of the process.
/// </summary>
public static class TorchBackend
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, nint> Handles = [];
    private static TorchBackendInfo? loaded;
    private static TrainToolsException? failure;

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
            }

            return loaded;
        }
    }

    private static TorchBackendInfo Load()
    {
        var folder = BackendLocator.Find();
        var (binding, patched) = BindingLibrary.Prepare(BindingLibrary.Find());
        foreach (var library in (string[])["c10", "torch_cpu", "torch"])
        {
            Handles[library] = LoadFile(Path.Combine(folder, BackendPlatform.FileName(library)));
        }

        foreach (var library in (string[])["c10_cuda", "torch_cuda"])
        {
            var path = Path.Combine(folder, BackendPlatform.FileName(library));
            if (File.Exists(path) && NativeLibrary.TryLoad(path, out var handle))
            {
                Handles[library] = handle;
            }
        }

        Handles["LibTorchSharp"] = LoadFile(binding);

        // TorchSharp asks the runtime for the same libraries by name: once through P/Invoke, once through NativeLibrary,
        // which does not consult the resolver but does raise the context's event when its own search finds nothing.
        var assembly = typeof(torch).Assembly;
        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => Resolve(name));
        AssemblyLoadContext.GetLoadContext(assembly)!.ResolvingUnmanagedDll += (_, name) => Resolve(name);
        if (!torch.TryInitializeDeviceType(DeviceType.CPU))
        {
            throw Failed(binding, "TorchSharp did not accept the loaded libraries", null);
        }

        return new TorchBackendInfo(folder, binding, patched);
    }

    private static nint Resolve(string name) => Handles.GetValueOrDefault(name);

    private static nint LoadFile(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
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
