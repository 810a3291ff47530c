using System.Management.Automation;
using TrainTools.Core.Errors;

namespace TrainTools.PowerShell;

/// <summary>
/// What every cmdlet shares: a token that Ctrl+C cancels, and errors in one shape. Derived cmdlets override
/// <see cref="Begin"/>, <see cref="Process"/> and <see cref="End"/>; a <see cref="TrainToolsException"/> thrown in
/// Process or End concerns that item and is written, one thrown in Begin ends the command.
/// </summary>
public abstract class CommandBase : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource cancellation = new();

    /// <summary>Cancelled when the pipeline is asked to stop.</summary>
    protected CancellationToken Cancellation => cancellation.Token;

    /// <summary>Whether the verbose stream is shown, so that what only it wants need not be computed otherwise.</summary>
    internal bool IsVerbose => MyInvocation.BoundParameters.TryGetValue("Verbose", out var given)
        ? given is SwitchParameter { IsPresent: true }
        : SessionState.PSVariable.GetValue("VerbosePreference") is ActionPreference and not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected sealed override void BeginProcessing() => Guard(Begin, terminating: true);

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => Guard(Process, terminating: false);

    /// <inheritdoc/>
    protected sealed override void EndProcessing() => Guard(End, terminating: false);

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        // Called on another thread, possibly after the command has ended.
        try
        {
            cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Nothing is left to stop.
        }
    }

    /// <summary>Once, before the first item. What is wrong here is wrong for all items.</summary>
    protected virtual void Begin()
    {
    }

    /// <summary>Once an item (once in all without pipeline input).</summary>
    protected virtual void Process()
    {
    }

    /// <summary>Once, after the last item.</summary>
    protected virtual void End()
    {
    }

    /// <summary>Frees what the cmdlet holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            cancellation.Dispose();
        }
    }

    /// <summary>Whether an exception is one that the user can do something about; anything else is a defect and is not caught.</summary>
    private protected static bool IsUserError(Exception e) => e is TrainToolsException or IOException or UnauthorizedAccessException;

    private void Guard(Action step, bool terminating)
    {
        try
        {
            step();
        }
        catch (Exception e) when (IsUserError(e))
        {
            var record = ErrorRecords.From(e);
            if (terminating)
            {
                ThrowTerminatingError(record);
            }

            WriteError(record);
        }
        catch (OperationCanceledException) when (Cancellation.IsCancellationRequested)
        {
            // The pipeline is being stopped; the engine says so itself.
        }
    }
}
