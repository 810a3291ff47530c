using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;
using TrainTools.Core.Backend;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Backend;

/// <summary>Loads the backend and reports on it, also where it does not load.</summary>
public static class BackendInspector
{
    /// <summary>TrainTools' version, without the commit.</summary>
    public static string TrainToolsVersion { get; } =
        typeof(BackendInspector).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Makes the report. Never throws for what is wrong with the backend: that is in the report.</summary>
    public static BackendReport Inspect()
    {
        var report = new BackendReport
        {
            TrainToolsVersion = TrainToolsVersion,
            DotNetVersion = Environment.Version.ToString(),
            TorchSharpVersion = BackendPlatform.TorchSharpVersion,
            RuntimeIdentifier = BackendPlatform.RuntimeIdentifier,
        };
        try
        {
            var info = TorchBackend.Initialize();
            var driver = CudaDriver.Query();
            var cuda = info.CudaProblem is null && torch.cuda.is_available();
            return report with
            {
                LibTorchVersion = info.LibTorchVersion,
                Candidates = TorchBackend.Choice!.Candidates,
                Libraries = info.Libraries,
                BindingPatched = info.BindingPatched,
                Threads = torch.get_num_threads(),
                Devices = [Cpu(), .. cuda ? driver.Devices.Take(torch.cuda.device_count()) : []],
                CudaAvailable = cuda,
                CudaReason = CudaReason(cuda, info, driver),
            };
        }
        catch (TrainToolsException e)
        {
            return report with
            {
                Candidates = TorchBackend.Choice?.Candidates ?? [],
                CudaReason = "libtorch could not be loaded",
                Error = TrainerError.From(e),
            };
        }
    }

    private static string CudaReason(bool cuda, TorchBackendInfo info, CudaDriverState driver)
    {
        var supports = driver.CudaVersion is { } version ? $" (it supports CUDA up to {version}, libtorch uses {BackendPlatform.CudaPackageVersion})" : "";
        return cuda ? $"libtorch and the NVIDIA driver work together{supports}"
            : info.CudaProblem is { } problem ? driver.Problem is { } also ? $"{problem}, and {also}" : $"{problem}: run Install-TrainingBackend for CUDA"
            : driver.Problem ?? $"libtorch does not accept this NVIDIA driver or its devices{supports}";
    }

    private static BackendDevice Cpu() => new("cpu", $"{RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} logical processors", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
}
