using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.InteropServices;
using Microsoft.PowerShell;
using TrainTools.Host.UserInterface;

namespace TrainTools.Host;

/// <summary>One runspace with the module imported. Runs what it is given through Out-Default, as a shell does.</summary>
public sealed class HostSession : IDisposable
{
    private const int ExitCodeOfError = 1;
    private const int ExitCodeOfInterrupt = 130;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConsoleHost host;
    private readonly Runspace runspace;
    private volatile bool interrupted;
    private long interruptedAt;

    /// <summary>Opens the runspace on the console.</summary>
    /// <param name="manifest">Path of the module's manifest.</param>
    public HostSession(string manifest)
        : this(manifest, ConsoleTerminal.Open())
    {
    }

    /// <summary>Opens the runspace on a terminal.</summary>
    public HostSession(string manifest, ITerminal terminal)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        host = new ConsoleHost(terminal);
        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            // The person who runs the host has named the script; the policy guards pwsh's double clicks, not this.
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        }

        state.ImportPSModule([manifest]);
        runspace = RunspaceFactory.CreateRunspace(host, state);
        runspace.ThreadOptions = PSThreadOptions.UseCurrentThread;
        runspace.Open();
        Runspace.DefaultRunspace = runspace;
    }

    /// <summary>Runs a script or a command to its end.</summary>
    /// <returns>The exit code of the process.</returns>
    public int Run(HostOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var shell = PowerShell.Create(runspace);
        shell.AddScript(options.ToScript());
        shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        shell.AddCommand("Out-Default");

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Interrupt(shell, context));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Interrupt(shell, context));
        try
        {
            shell.Invoke();
        }
        catch (PipelineStoppedException)
        {
            return host.ExitCode ?? ExitCodeOfInterrupt;
        }
        catch (RuntimeException e)
        {
            Report(e);
            return host.ExitCode ?? ExitCodeOfError;
        }
        finally
        {
            host.Terminal.EndProgress();
        }

        return host.ExitCode ?? (interrupted ? ExitCodeOfInterrupt : 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        runspace.Dispose();
    }

    private void Interrupt(PowerShell shell, PosixSignalContext context)
    {
        context.Cancel = true;
        if (interrupted)
        {
            // Schedulers send two signals at once: one request. A second time after a while: whoever waits has lost patience.
            if (Stopwatch.GetElapsedTime(interruptedAt) > Patience)
            {
                Environment.Exit(ExitCodeOfInterrupt);
            }

            return;
        }

        interrupted = true;
        interruptedAt = Stopwatch.GetTimestamp();
        shell.BeginStop(null, null);
    }

    // The engine's own view of errors; what it writes belongs on the error stream.
    private void Report(RuntimeException error)
    {
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand("Out-Default").AddParameter("InputObject", new ErrorRecord(error.ErrorRecord, error));
        host.Terminal.AllToError = true;
        try
        {
            shell.Invoke();
        }
        catch (RuntimeException)
        {
            host.UI.WriteErrorLine(error.Message);
        }
        finally
        {
            host.Terminal.AllToError = false;
        }
    }
}
