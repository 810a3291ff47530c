using System.Reflection;
using System.Runtime.Loader;

namespace TrainTools.PowerShell.Loading;

/// <summary>
/// The private load context of TrainTools.Core and the packages it brings, so that another module may load another
/// version of any of them. There is one for the life of the process: a type of Core must stay the same type when the
/// module is imported again.
/// </summary>
internal sealed class DependencyContext : AssemblyLoadContext
{
    /// <summary>Name of the one assembly that the rest of the process may ask this context for.</summary>
    private const string CoreName = "TrainTools.Core";

    private static readonly DependencyContext Instance = new(
        Path.Combine(Path.GetDirectoryName(typeof(DependencyContext).Assembly.Location)!, "deps"));

    private readonly string folder;

    private DependencyContext(string folder)
        : base("TrainTools")
    {
        this.folder = folder;
    }

    /// <summary>
    /// Answers the default context's question for an assembly it cannot find; null for everything that is not Core.
    /// </summary>
    public static Assembly? ResolveCore(AssemblyLoadContext context, AssemblyName name) =>
        name.Name == CoreName ? Instance.LoadFromAssemblyName(name) : null;

    /// <summary>What lies in deps/ is loaded here; the rest (the framework) is shared with the process.</summary>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var path = Path.Combine(folder, assemblyName.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }

    /// <summary>Native parts (of the library that draws pictures) lie where its package has them, by platform.</summary>
    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName)
    {
        var (prefix, extension) = OperatingSystem.IsWindows() ? ("", ".dll") : OperatingSystem.IsMacOS() ? ("lib", ".dylib") : ("lib", ".so");
        var name = Path.GetFileNameWithoutExtension(unmanagedDllName);
        name = name.StartsWith(prefix, StringComparison.Ordinal) ? name : prefix + name;
        var platform = OperatingSystem.IsMacOS() ? "osx" : System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier;
        var path = Path.Combine(folder, "runtimes", platform, "native", name + extension);
        return File.Exists(path) ? LoadUnmanagedDllFromPath(path) : IntPtr.Zero;
    }
}
