using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;

namespace TrainTools.PowerShell;

/// <summary>
/// Prose in the views. The engine breaks long lines between words under some languages only, at the width it writes for; under
/// all others, the invariant one of services and containers among them, it breaks anywhere, and lines are broken here at the window's.
/// </summary>
public static class ViewText
{
    private const int Usual = 80;
    private const int Least = 60;

    // Those for which the engine's formatter breaks between words.
    private static readonly string[] LanguagesWithWords = ["en", "fr", "de", "it", "pt", "es"];

    /// <summary>Columns of the window; 80 where there is none, or one too narrow for tables.</summary>
    /// <param name="host">The host that shows it, <c>$Host</c>.</param>
    public static int Columns(PSHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        try
        {
            return host.UI?.RawUI?.BufferSize.Width is { } width && width >= Least ? width : Usual;
        }
        catch (Exception e) when (e is HostException or NotImplementedException or IOException)
        {
            return Usual;
        }
    }

    /// <summary>A text with its lines broken between words where the engine would not do so.</summary>
    /// <param name="host">The host that shows it, <c>$Host</c>.</param>
    /// <param name="text">The text; its own line ends stay.</param>
    /// <param name="taken">Columns to the left of it.</param>
    public static string Wrap(PSHost host, string? text, int taken)
    {
        return LanguagesWithWords.Contains(CultureInfo.CurrentCulture.TwoLetterISOLanguageName) ? text ?? string.Empty : Break(host, text, taken);
    }

    /// <summary>The same in every language, for text that does not stand in a column of the engine's.</summary>
    /// <param name="host">The host that shows it, <c>$Host</c>.</param>
    /// <param name="text">The text; its own line ends stay.</param>
    /// <param name="taken">Columns to the left of it.</param>
    public static string Break(PSHost host, string? text, int taken)
    {
        // One column stays free: a line that fills the window is followed by an empty one on some terminals.
        return string.IsNullOrEmpty(text) ? string.Empty : Wrap(text, Math.Max(20, Columns(host) - taken - 1));
    }

    /// <summary>A text in lines of at most so many characters, broken between words, or within a path between folders, where there are any.</summary>
    private static string Wrap(string text, int room)
    {
        var wrapped = new StringBuilder(text.Length + 8);
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            var rest = line.TrimEnd();
            var indent = new string(' ', Math.Min(room / 2, rest.Length - rest.TrimStart().Length));
            while (rest.Length > room)
            {
                var space = rest.LastIndexOf(' ', room);
                var slash = rest.AsSpan(0, room).LastIndexOfAny('/', '\\');
                var end = space > indent.Length ? space : slash > indent.Length ? slash + 1 : room;
                wrapped.Append(rest.AsSpan(0, end).TrimEnd()).Append('\n');
                rest = indent + rest[end..].TrimStart();
            }

            wrapped.Append(rest).Append('\n');
        }

        wrapped.Length--;
        return wrapped.ToString();
    }
}
