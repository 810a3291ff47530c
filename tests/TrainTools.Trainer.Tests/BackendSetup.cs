using System.Reflection;
using System.Runtime.CompilerServices;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Tests;

/// <summary>
/// Loads libtorch before any test of this assembly touches it (not where the assembly runs as a program: a trainer
/// loads its own). Two threads: the tests are small, the machines too.
/// </summary>
internal static class BackendSetup
{
    [ModuleInitializer]
    internal static void Load()
    {
        if (Assembly.GetEntryAssembly() != typeof(BackendSetup).Assembly)
        {
            TorchBackend.Initialize(new TorchBackendOptions { Threads = 2 });
        }
    }
}
