using System.Runtime.InteropServices;

namespace TrainTools.Core.Runs;

/// <summary>Finds a `dotnet` program that can run the trainer: one with the right version of the .NET runtime beside it.</summary>
public static class DotNetRuntime
{
    /// <summary>Major version of the runtime the trainer needs.</summary>
    public const int Version = 10;

    private static string Program => OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";

    /// <summary>Path of `dotnet`; null if there is none.</summary>
    public static string? Find() => Candidates().FirstOrDefault(HasRuntime);

    /// <summary>Whether that `dotnet` has the runtime.</summary>
    public static bool HasRuntime(string dotnet)
    {
        if (!File.Exists(dotnet))
        {
            return false;
        }

        // /usr/bin/dotnet is a link into the installation; the runtimes lie there.
        var real = new FileInfo(dotnet).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? dotnet;
        var runtimes = Path.Combine(Path.GetDirectoryName(real)!, "shared", "Microsoft.NETCore.App");
        return Directory.Exists(runtimes) && Directory.EnumerateDirectories(runtimes, $"{Version}.*").Any();
    }

    private static IEnumerable<string> Candidates()
    {
        // The runtime this process runs on lies in ROOT/shared/Microsoft.NETCore.App/VERSION, unless the program brought its own.
        yield return Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", Program));
        foreach (var root in Roots())
        {
            yield return Path.Combine(root, Program);
        }
    }

    private static IEnumerable<string> Roots()
    {
        foreach (var variable in (string[])[$"DOTNET_ROOT_{RuntimeInformation.ProcessArchitecture.ToString().ToUpperInvariant()}", "DOTNET_ROOT"])
        {
            if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } root)
            {
                yield return root;
            }
        }

        if (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host)
        {
            yield return Path.GetDirectoryName(host) ?? host;
        }

        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            yield return folder;
        }

        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (OperatingSystem.IsWindows())
        {
            yield return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "dotnet");
            yield return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "Microsoft", "dotnet");
        }
        else
        {
            foreach (var file in (string[])["/etc/dotnet/install_location", $"/etc/dotnet/install_location_{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}"])
            {
                if (File.Exists(file))
                {
                    yield return File.ReadAllText(file).Trim();
                }
            }

            yield return Path.Combine(home, ".dotnet");
            yield return "/usr/share/dotnet";
            yield return "/usr/lib/dotnet";
            yield return "/usr/local/share/dotnet";
        }
    }
}
