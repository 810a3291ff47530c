using System.Management.Automation;

namespace TrainTools.Host.UserInterface;

/// <summary>The sixteen console colours as escape sequences.</summary>
internal static class ConsoleColors
{
    // ConsoleColor counts blue, green, red as bits 0, 1, 2; the sequences count red, green, blue.
    private static readonly int[] Order = [0, 4, 2, 6, 1, 5, 3, 7];

    /// <summary>Whether the host's own lines are coloured: on a terminal with colours, unless the user wants plain text.</summary>
    public static bool AreWanted(ITerminal terminal) => terminal.SupportsColor && PSStyle.Instance.OutputRendering != OutputRendering.PlainText;

    /// <summary>Foreground and background as one sequence.</summary>
    public static string Sequence(ConsoleColor foreground, ConsoleColor background)
    {
        // Black as a background is what hosts say for "none".
        var back = background == ConsoleColor.Black || (int)background < 0 ? string.Empty : $";{Code(background, 40, 100)}";
        return (int)foreground < 0 ? string.Empty : $"\u001b[{Code(foreground, 30, 90)}{back}m";
    }

    private static int Code(ConsoleColor color, int dark, int bright) => ((int)color < 8 ? dark : bright) + Order[(int)color & 7];
}
