using TrainTools.Host.UserInterface;

namespace TrainTools.PowerShell.Tests.Host;

/// <summary>A terminal that remembers what was written.</summary>
public sealed class FakeTerminal : ITerminal
{
    private readonly Queue<string> input = new();

    public StringWriter Written { get; } = new();

    public StringWriter Errors { get; } = new();

    public TextWriter Out => Written;

    public TextWriter Error => Errors;

    public bool IsInteractive { get; init; }

    public bool SupportsColor { get; init; }

    public int Width { get; init; } = 80;

    public int Height => 25;

    public string? ReadLine() => input.TryDequeue(out var line) ? line : null;

    public string? ReadSecret() => ReadLine();

    public FakeTerminal Types(params string[] lines)
    {
        foreach (var line in lines)
        {
            input.Enqueue(line);
        }

        return this;
    }
}
