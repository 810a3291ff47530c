using System.Globalization;
using System.Management.Automation.Host;
using System.Reflection;

namespace TrainTools.Host.UserInterface;

/// <summary>The engine's view of this process.</summary>
public sealed class ConsoleHost : PSHost
{
    /// <summary>Makes a host on a terminal.</summary>
    public ConsoleHost(ITerminal terminal)
    {
        Terminal = new ConsoleUserInterface(terminal);
    }

    /// <summary>Exit code asked for by <c>exit</c>; null if nobody asked.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>The user interface, under its own type.</summary>
    public ConsoleUserInterface Terminal { get; }

    /// <inheritdoc/>
    public override string Name => "TrainTools.Host";

    /// <inheritdoc/>
    public override Version Version { get; } = Assembly.GetExecutingAssembly().GetName().Version ?? new Version(0, 0);

    /// <inheritdoc/>
    public override Guid InstanceId { get; } = Guid.NewGuid();

    /// <inheritdoc/>
    public override CultureInfo CurrentCulture { get; } = CultureInfo.InvariantCulture;

    /// <inheritdoc/>
    public override CultureInfo CurrentUICulture { get; } = CultureInfo.InvariantCulture;

    /// <inheritdoc/>
    public override PSHostUserInterface UI => Terminal;

    /// <inheritdoc/>
    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    /// <inheritdoc/>
    public override void EnterNestedPrompt() => throw new NotSupportedException("This host runs scripts; it has no prompt to nest.");

    /// <inheritdoc/>
    public override void ExitNestedPrompt() => throw new NotSupportedException("This host runs scripts; it has no prompt to leave.");

    /// <inheritdoc/>
    public override void NotifyBeginApplication()
    {
        // Native programs write to the same console; there is no state to save for them.
    }

    /// <inheritdoc/>
    public override void NotifyEndApplication()
    {
        // See NotifyBeginApplication.
    }
}
