using System.Management.Automation.Host;

namespace TrainTools.Host.UserInterface;

/// <summary>The size of the terminal, which the formatter asks for. Cells and cursor are not offered: this host runs scripts.</summary>
public sealed class ConsoleRawUserInterface : PSHostRawUserInterface
{
    private readonly ITerminal terminal;

    internal ConsoleRawUserInterface(ITerminal terminal)
    {
        this.terminal = terminal;
    }

    /// <inheritdoc/>
    public override Size BufferSize
    {
        get => new(terminal.Width, terminal.Height);
        set => throw NotOffered();
    }

    /// <inheritdoc/>
    public override Size WindowSize
    {
        get => BufferSize;
        set => throw NotOffered();
    }

    /// <inheritdoc/>
    public override Size MaxWindowSize => BufferSize;

    /// <inheritdoc/>
    public override Size MaxPhysicalWindowSize => BufferSize;

    /// <inheritdoc/>
    public override ConsoleColor ForegroundColor { get; set; } = (ConsoleColor)(-1);

    /// <inheritdoc/>
    public override ConsoleColor BackgroundColor { get; set; } = (ConsoleColor)(-1);

    /// <inheritdoc/>
    public override Coordinates CursorPosition { get; set; }

    /// <inheritdoc/>
    public override Coordinates WindowPosition { get; set; }

    /// <inheritdoc/>
    public override int CursorSize { get; set; } = 25;

    /// <inheritdoc/>
    public override string WindowTitle { get; set; } = "TrainTools";

    /// <inheritdoc/>
    public override bool KeyAvailable => false;

    /// <inheritdoc/>
    public override KeyInfo ReadKey(ReadKeyOptions options) => throw NotOffered();

    /// <inheritdoc/>
    public override void FlushInputBuffer()
    {
        // Nothing is buffered.
    }

    /// <inheritdoc/>
    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw NotOffered();

    /// <inheritdoc/>
    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) => throw NotOffered();

    /// <inheritdoc/>
    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw NotOffered();

    /// <inheritdoc/>
    public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => throw NotOffered();

    private static NotSupportedException NotOffered() => new("This host writes lines; it does not offer the screen's cells.");
}
