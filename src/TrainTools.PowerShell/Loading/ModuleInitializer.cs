using System.Management.Automation;
using System.Runtime.Loader;

namespace TrainTools.PowerShell.Loading;

/// <summary>
/// Runs when the module is imported and removed. The hook stays for as long as any runspace of the process has the
/// module: thread jobs and parallel blocks import and remove it on their own.
/// </summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    private static readonly Lock Gate = new();
    private static int imports;

    /// <inheritdoc/>
    public void OnImport()
    {
        lock (Gate)
        {
            if (imports++ == 0)
            {
                AssemblyLoadContext.Default.Resolving += DependencyContext.ResolveCore;
            }
        }
    }

    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        lock (Gate)
        {
            if (imports > 0 && --imports == 0)
            {
                AssemblyLoadContext.Default.Resolving -= DependencyContext.ResolveCore;
            }
        }
    }
}
