using System.Runtime.CompilerServices;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Tests;

/// <summary>Loads libtorch before any test of this assembly touches it. Two threads: the tests are small, the machines too.</summary>
internal static class BackendSetup
{
    [ModuleInitializer]
    internal static void Load() => TorchBackend.Initialize(new TorchBackendOptions { Threads = 2 });
}
