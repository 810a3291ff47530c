using System.Runtime.InteropServices;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Runs;

/// <summary>
/// Finds the trainer and a way to run it: a self-contained trainer by itself; else `dotnet`; else the runtime that the
/// present PowerShell carries (PowerShell installed as a package brings .NET without a `dotnet` program).
/// </summary>
public static class TrainerLocator
{
    /// <summary>Environment variable: the folder of the trainer, used before all else.</summary>
    public const string FolderVariable = "TRAINTOOLS_TRAINER";

    private const string Name = "TrainTools.Trainer";

    /// <summary>The command that starts the trainer.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.TrainerNotFound"/> or <see cref="ErrorIds.DotNetNotFound"/>.</exception>
    public static TrainerCommand Find() => CommandFor(FindFolder(), DotNetRuntime.Find(), Environment.ProcessPath, RuntimeEnvironment.GetRuntimeDirectory());

    /// <summary>The command for a trainer folder, given what there is to run it with.</summary>
    public static TrainerCommand CommandFor(string folder, string? dotnet, string? processPath, string runtimeFolder)
    {
        var program = Path.Combine(folder, OperatingSystem.IsWindows() ? Name + ".exe" : Name);
        var assembly = Path.Combine(folder, Name + ".dll");
        var runtime = OperatingSystem.IsWindows() ? "coreclr.dll" : OperatingSystem.IsMacOS() ? "libcoreclr.dylib" : "libcoreclr.so";
        if (File.Exists(program) && File.Exists(Path.Combine(folder, runtime)))
        {
            return new TrainerCommand(program, []);
        }

        if (dotnet is not null)
        {
            return new TrainerCommand(dotnet, [assembly]);
        }

        // PowerShell with its own runtime: pwsh and the runtime in one folder.
        if (processPath is not null && Path.GetFileNameWithoutExtension(processPath) == "pwsh"
            && Path.TrimEndingDirectorySeparator(runtimeFolder) == Path.TrimEndingDirectorySeparator(Path.GetDirectoryName(processPath)!))
        {
            // -InputFormat None: PowerShell must not read the standard input, which is the trainer's.
            return new TrainerCommand(processPath, ["-NoLogo", "-NoProfile", "-NonInteractive", "-InputFormat", "None", "-Command"])
            {
                Wrap = arguments => $"[Environment]::Exit([int][Reflection.Assembly]::LoadFrom({Quote(assembly)}).EntryPoint.Invoke($null, "
                    + $"@(, [string[]]@({string.Join(", ", arguments.Select(Quote))}))))",
                Environment = new Dictionary<string, string> { ["POWERSHELL_UPDATECHECK"] = "Off", ["POWERSHELL_TELEMETRY_OPTOUT"] = "1" },
            };
        }

        throw new TrainToolsException(
            ErrorIds.DotNetNotFound,
            ErrorKind.NotFound,
            $"The .NET {DotNetRuntime.Version} runtime, on which the trainer runs, was not found.",
            $"Install the .NET {DotNetRuntime.Version} runtime, or set DOTNET_ROOT to its folder.",
            "dotnet");
    }

    private static string FindFolder()
    {
        var here = Path.GetDirectoryName(typeof(TrainerLocator).Assembly.Location) is { Length: > 0 } folder ? folder : AppContext.BaseDirectory;
        string?[] candidates =
        [
            Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named ? named : null,
            Path.Combine(here, "..", "trainer"), // the module: deps/TrainTools.Core.dll, trainer/
            Path.Combine(here, "trainer"),
            here, // a program that was built with the trainer beside it
        ];
        var folders = candidates.OfType<string>().Select(Path.GetFullPath).ToArray();
        return folders.FirstOrDefault(f => File.Exists(Path.Combine(f, Name + ".dll"))) ?? throw new TrainToolsException(
            ErrorIds.TrainerNotFound,
            ErrorKind.NotFound,
            $"The trainer ({Name}.dll) was found in none of: {string.Join(", ", folders)}.",
            $"Install the TrainTools module again, or set {FolderVariable} to the trainer's folder.",
            Name);
    }

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal).Replace("\u2019", "\u2019\u2019", StringComparison.Ordinal)}'";
}
