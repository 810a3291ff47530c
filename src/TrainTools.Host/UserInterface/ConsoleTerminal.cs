using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace TrainTools.Host.UserInterface;

/// <summary>The process's console, or the files and pipes it was redirected to.</summary>
public sealed partial class ConsoleTerminal : ITerminal
{
    private const int PlainWidth = 100;
    private const int PlainHeight = 50;

    private ConsoleTerminal(bool interactive, bool color)
    {
        IsInteractive = interactive;
        SupportsColor = color;
    }

    /// <inheritdoc/>
    public TextWriter Out { get; } = Console.Out;

    /// <inheritdoc/>
    public TextWriter Error { get; } = Console.Error;

    /// <inheritdoc/>
    public bool IsInteractive { get; }

    /// <inheritdoc/>
    public bool SupportsColor { get; }

    /// <inheritdoc/>
    public int Width => Size(() => Console.WindowWidth, "COLUMNS", PlainWidth);

    /// <inheritdoc/>
    public int Height => Size(() => Console.WindowHeight, "LINES", PlainHeight);

    /// <summary>Looks at the console once.</summary>
    public static ConsoleTerminal Open()
    {
        if (OperatingSystem.IsWindows())
        {
            Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        }

        var interactive = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb" && UnderstandsSequences();
        var color = interactive && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new ConsoleTerminal(interactive, color);
    }

    /// <inheritdoc/>
    public string? ReadLine() => Console.In.ReadLine();

    /// <inheritdoc/>
    public string? ReadSecret()
    {
        if (Console.IsInputRedirected)
        {
            return ReadLine();
        }

        var text = new StringBuilder();
        for (var key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(0, text.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                text.Append(key.KeyChar);
            }
        }

        return text.ToString();
    }

    private int Size(Func<int> window, string variable, int fallback)
    {
        if (IsInteractive)
        {
            try
            {
                var size = window();
                if (size > 0)
                {
                    return size;
                }
            }
            catch (IOException)
            {
                // The window went away.
            }
        }

        return int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given is > 20 and < 1000
            ? given
            : fallback;
    }

    // Windows understands escape sequences only after it was asked to.
    private static bool UnderstandsSequences()
    {
        const int StandardOutput = -11;
        const uint EnableVirtualTerminalProcessing = 4;
        if (!OperatingSystem.IsWindows())
        {
            return true;
        }

        var handle = GetStdHandle(StandardOutput);
        return GetConsoleMode(handle, out var mode) && SetConsoleMode(handle, mode | EnableVirtualTerminalProcessing);
    }

    [LibraryImport("kernel32.dll")]
    private static partial nint GetStdHandle(int which);

    [LibraryImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetConsoleMode(nint handle, out uint mode);

    [LibraryImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetConsoleMode(nint handle, uint mode);
}
