using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using TrainTools.Host;

namespace TrainTools.PowerShell.Tests;

/// <summary>A runspace with the built module imported, as a shell would have it.</summary>
public sealed class Shell : IDisposable
{
    private readonly Runspace runspace;

    public Shell()
    {
        var state = InitialSessionState.CreateDefault2();
        state.ImportPSModule([Manifest]);
        runspace = RunspaceFactory.CreateRunspace(state);
        runspace.Open();
    }

    /// <summary>The manifest of the module that the build laid out.</summary>
    public static string Manifest { get; } = ModuleFinder.Find();

    /// <summary>The session, for tests that stop a pipeline.</summary>
    public Runspace Runspace => runspace;

    /// <summary>Runs a script. Terminating errors are collected like the others.</summary>
    /// <param name="script">PowerShell text; what it is given as arguments is in $args.</param>
    /// <param name="arguments">Values for $args.</param>
    public ShellResult Run(string script, params object?[] arguments)
    {
        using var shell = System.Management.Automation.PowerShell.Create(runspace);
        shell.AddScript(script);
        foreach (var argument in arguments)
        {
            shell.AddArgument(argument);
        }

        Collection<PSObject> output = [];
        List<ErrorRecord> terminating = [];
        try
        {
            output = shell.Invoke();
        }
        catch (RuntimeException e)
        {
            terminating.Add(e.ErrorRecord);
        }

        return new ShellResult(
            [.. output],
            [.. shell.Streams.Error, .. terminating],
            [.. shell.Streams.Warning.Select(w => w.Message)],
            [.. shell.Streams.Verbose.Select(v => v.Message)],
            [.. shell.Streams.Progress]);
    }

    /// <summary>Runs a script that must not fail, and gives its output.</summary>
    public IReadOnlyList<PSObject> Output(string script, params object?[] arguments)
    {
        var result = Run(script, arguments);
        Assert.Empty(result.Errors.Select(e => $"{e.FullyQualifiedErrorId}: {e}"));
        return result.Output;
    }

    /// <summary>Runs a script that must give one error and no output, and gives the error.</summary>
    public ErrorRecord Error(string script, params object?[] arguments)
    {
        var result = Run(script, arguments);
        Assert.Empty(result.Output);
        return Assert.Single(result.Errors);
    }

    public void Dispose() => runspace.Dispose();
}

/// <summary>What a script wrote to each stream.</summary>
public sealed record ShellResult(
    IReadOnlyList<PSObject> Output,
    IReadOnlyList<ErrorRecord> Errors,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Verbose,
    IReadOnlyList<ProgressRecord> Progress);
