using System.Reflection;
using System.Runtime.CompilerServices;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Tests;

/// <summary>
/// Loads libtorch before any test of this assembly touches it (not where the assembly runs as a program: a trainer
/// loads its own). One thread: the models are small, and a change of threads while tests run side by side would change last digits.
/// </summary>
internal static class BackendSetup
{
    [ModuleInitializer]
    internal static void Load()
    {
        if (Assembly.GetEntryAssembly() != typeof(BackendSetup).Assembly)
        {
            TorchBackend.Initialize(new TorchBackendOptions { Threads = 1 });
        }
    }
}
