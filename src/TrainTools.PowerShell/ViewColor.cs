using System.Management.Automation;
using System.Management.Automation.Host;

namespace TrainTools.PowerShell;

/// <summary>The colours of the views: the user's own for errors and warnings, and none where they are not wanted.</summary>
public static class ViewColor
{
    /// <summary>
    /// Whether sequences are wanted: always with <c>$PSStyle.OutputRendering</c> Ansi, never with PlainText; else where the
    /// host shows them, NO_COLOR is not set and the console's output goes to no file or pipe. (pwsh itself leaves sequences in
    /// what its caller redirects.)
    /// </summary>
    /// <param name="host">The host that shows it, <c>$Host</c>.</param>
    /// <param name="style">The user's styles, <c>$PSStyle</c>.</param>
    public static bool IsWanted(PSHost host, object style)
    {
        ArgumentNullException.ThrowIfNull(host);
        return Part(style, "OutputRendering")?.ToString() switch
        {
            "Ansi" => true,
            "PlainText" => false,
            _ => host.UI?.SupportsVirtualTerminal == true
                && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                && !(host.Name == "ConsoleHost" && Console.IsOutputRedirected),
        };
    }

    /// <summary>A severity or a state in its colour: Error and Failed, Warning and Stopped, Completed; others as they are.</summary>
    /// <param name="host">The host that shows it, <c>$Host</c>.</param>
    /// <param name="style">The user's styles, <c>$PSStyle</c>.</param>
    /// <param name="value">The severity or the state.</param>
    public static string Paint(PSHost host, object style, object? value)
    {
        var text = value?.ToString() ?? string.Empty;
        return text switch
        {
            "Error" or "Failed" => Paint(host, style, text, "Formatting", "Error"),
            "Warning" or "Stopped" => Paint(host, style, text, "Formatting", "Warning"),
            "Completed" => Paint(host, style, text, "Foreground", "Green"),
            _ => text,
        };
    }

    /// <summary>A message in the colour of errors.</summary>
    /// <param name="host">The host that shows it, <c>$Host</c>.</param>
    /// <param name="style">The user's styles, <c>$PSStyle</c>.</param>
    /// <param name="message">The message.</param>
    public static string PaintError(PSHost host, object style, string? message) => Paint(host, style, message ?? string.Empty, "Formatting", "Error");

    private static string Paint(PSHost host, object style, string text, string group, string name) =>
        IsWanted(host, style) ? $"{Part(Part(style, group), name)}{text}{Part(style, "Reset")}" : text;

    // By name: the assembly is compiled against an interface that is older than the type.
    private static object? Part(object? of, string name) => of is null ? null : PSObject.AsPSObject(of).Properties[name]?.Value;
}
