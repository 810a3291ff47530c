using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace TrainTools.PowerShell.Tests.Host;

public sealed class HostProcessTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("'fine'", 0)]
    [InlineData("throw 'bad'", 1)]
    [InlineData("$ErrorActionPreference = 'Stop'; Import-TrainingConfig nowhere.yaml", 1)]
    [InlineData("exit 7", 7)]
    [InlineData("[void]0; exit", 0)]
    public void The_exit_code_is_the_commands(string command, int expected)
    {
        Assert.Equal(expected, HostProcess.Run("-Command", command).ExitCode);
    }

    [Fact]
    public void A_script_gets_its_arguments_and_its_exit_code_is_the_hosts()
    {
        var script = folder.File("s p a c e.ps1", "param([string] $Name, [switch] $Twice, [int] $Number)\n\"$Name $Twice $Number $PSScriptRoot\"\nexit 5");
        var (exitCode, output, _) = HostProcess.Run(script, "-Name", "it's $HOME", "-Twice", "-Number", "3");
        Assert.Equal(5, exitCode);
        Assert.Equal($"it's $HOME True 3 {folder.Path}", output.TrimEnd());
    }

    [Fact]
    public void A_terminating_error_in_a_script_is_shown_without_a_stack_trace()
    {
        var script = folder.File("bad.ps1", "$ErrorActionPreference = 'Stop'\nImport-TrainingConfig nowhere.yaml\n'not reached'");
        var (exitCode, output, error) = HostProcess.Run(script);
        Assert.Equal(1, exitCode);
        Assert.DoesNotContain("not reached", output, StringComparison.Ordinal);
        Assert.Contains("nowhere.yaml does not exist", Unwrap(error), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("TrainToolsException", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_module_is_found_from_any_directory()
    {
        var (exitCode, output, error) = HostProcess.Run(folder.Path, ["-Command", "(Get-Command -Module TrainTools).Name -contains 'New-TrainingConfig'"]);
        Assert.Equal((0, "True", ""), (exitCode, output.Trim(), error));
    }

    [Theory]
    [InlineData("nowhere.ps1", "There is no script 'nowhere.ps1'")]
    [InlineData("-Command", "-Command needs the text to run")]
    public void Wrong_arguments_of_the_host_are_one_line(string argument, string expected)
    {
        var (exitCode, output, error) = HostProcess.Run(argument);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains(expected, Assert.Single(error.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public void Import_loads_neither_libtorch_nor_TorchSharp_and_keeps_Core_apart()
    {
        var (_, output, error) = HostProcess.Run(
            "-Command",
            """
            $null = New-TrainingConfig | Test-TrainingConfig
            $assemblies = [System.AppDomain]::CurrentDomain.GetAssemblies()
            foreach ($a in $assemblies) {
                $name = $a.GetName().Name
                if ($name -in 'TrainTools', 'TrainTools.Core', 'YamlDotNet', 'TorchSharp') {
                    "$name $([System.Runtime.Loader.AssemblyLoadContext]::GetLoadContext($a).Name)"
                }
            }
            [System.Diagnostics.Process]::GetCurrentProcess().Modules.FileName -match 'torch|c10'
            """);
        Assert.Empty(error);
        var lines = output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).ToList();
        Assert.Contains("TrainTools Default", lines);
        Assert.Contains("TrainTools.Core TrainTools", lines);
        Assert.DoesNotContain(lines, l => l.StartsWith("YamlDotNet Default", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, l => l.Contains("orch", StringComparison.Ordinal) || l.Contains("c10", StringComparison.Ordinal));
    }

    [Fact]
    public void The_module_imports_again_by_force_and_after_removal()
    {
        var (exitCode, output, error) = HostProcess.Run(
            "-Command",
            """
            $path = (Get-Module TrainTools).Path
            $a = New-TrainingConfig -Seed 1
            Import-Module $path -Force
            $b = New-TrainingConfig -Seed 1
            Remove-Module TrainTools
            if (Get-Command New-TrainingConfig -ErrorAction Ignore) { 'still there' }
            Import-Module $path
            $c = $a | New-TrainingConfig
            $a.Equals($b) -and $a.Equals($c)
            """);
        Assert.Equal((0, "True", ""), (exitCode, output.Trim(), error));
    }

    [Fact]
    public void An_interrupt_stops_the_script()
    {
        if (OperatingSystem.IsWindows())
        {
            // Windows has no signal that reaches one process of a group; there the same handler serves Ctrl+C.
            return;
        }

        using var process = HostProcess.Start(null, "-Command", "'started'; while ($true) { }");
        Assert.Equal("started", process.StandardOutput.ReadLine());

        // SIGTERM takes the way of SIGINT, which a shell that starts the tests in its background would have them ignore.
        Assert.Equal(0, Kill(process.Id, 15));
        Assert.True(process.WaitForExit(HostProcess.Limit));
        Assert.Equal(130, process.ExitCode);
    }

    [Fact]
    public void Two_signals_at_once_are_one_request_and_leave_no_partial_file()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var folder = Directory.CreateTempSubdirectory("traintools-");
        try
        {
            var data = Path.Combine(folder.FullName, "a.jsonl");
            File.WriteAllText(data, "{\"text\":\"one\"}\n");
            using var process = HostProcess.Start(
                null, "-Command", $"$r = Import-TrainingDataset '{data}'; & {{ while ($true) {{ $r }} }} | Export-TrainingDataset '{Path.Combine(folder.FullName, "b.jsonl")}'");
            Assert.True(SpinWait.SpinUntil(() => folder.GetFiles().Length == 2, HostProcess.Limit));
            for (var signal = 0; signal < 3; signal++)
            {
                _ = Kill(process.Id, 15);
            }

            Assert.True(process.WaitForExit(HostProcess.Limit));
            Assert.Equal(130, process.ExitCode);
            Assert.Equal([data], folder.GetFiles().Select(f => f.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // The view breaks long messages into lines that begin with a bar.
    private static string Unwrap(string text) => Regex.Replace(text, @"\r?\n\s*\|\s*", " ");

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
