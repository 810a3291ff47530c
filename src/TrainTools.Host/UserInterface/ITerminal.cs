namespace TrainTools.Host.UserInterface;

/// <summary>What the host needs of the place it writes to.</summary>
public interface ITerminal
{
    /// <summary>Ordinary output.</summary>
    TextWriter Out { get; }

    /// <summary>Errors.</summary>
    TextWriter Error { get; }

    /// <summary>Whether a person reads along, so that a line may be drawn again and again.</summary>
    bool IsInteractive { get; }

    /// <summary>Whether escape sequences for colours and cursor movement are understood and wanted.</summary>
    bool SupportsColor { get; }

    /// <summary>Columns of a line.</summary>
    int Width { get; }

    /// <summary>Rows of the window.</summary>
    int Height { get; }

    /// <summary>A line typed by the user; null where nobody can type.</summary>
    string? ReadLine();

    /// <summary>A line typed without showing it; null where nobody can type.</summary>
    string? ReadSecret();
}
