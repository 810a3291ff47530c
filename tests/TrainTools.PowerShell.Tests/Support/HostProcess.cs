using System.Diagnostics;

namespace TrainTools.PowerShell.Tests;

/// <summary>Runs the host as a process of its own, the way the README's command does.</summary>
public static class HostProcess
{
    /// <summary>How long anything may take before it counts as hanging, on the busiest machine.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(4);

    public static (int ExitCode, string Output, string Error) Run(params string[] arguments) => Run(null, arguments);

    public static (int ExitCode, string Output, string Error) Run(string? workingDirectory, string[] arguments)
    {
        using var process = Start(workingDirectory, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(Limit), "the host did not end");
        return (process.ExitCode, output.Result, error.Result);
    }

    /// <summary>The executable that runs it.</summary>
    public static string Dotnet => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    /// <summary>The host itself.</summary>
    public static string Assembly => Path.Combine(AppContext.BaseDirectory, "TrainTools.Host.dll");

    public static Process Start(string? workingDirectory, params string[] arguments)
    {
        var start = new ProcessStartInfo(Dotnet)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? AppContext.BaseDirectory,
        };
        start.ArgumentList.Add(Assembly);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }
}
