using System.Globalization;
using System.Security;
using System.Text;
using System.Text.RegularExpressions;

namespace TrainTools.Docs;

/// <summary>Draws what a terminal showed, colours included, as an SVG: a picture that stays text.</summary>
public static partial class TerminalPicture
{
    private const double CharWidth = 8.43;
    private const int LineHeight = 19;
    private const int Padding = 16;
    private const int TitleBar = 34;

    private static readonly Dictionary<int, string> Colors = new()
    {
        [30] = "#21262d", [31] = "#ff7b72", [32] = "#7ee787", [33] = "#e3b341", [34] = "#79c0ff", [35] = "#d2a8ff", [36] = "#56d4dd", [37] = "#c9d1d9",
        [90] = "#8b949e", [91] = "#ffa198", [92] = "#56d364", [93] = "#f2cc60", [94] = "#a5d6ff", [95] = "#e2c5ff", [96] = "#76e3ea", [97] = "#ffffff",
    };

    /// <summary>The picture.</summary>
    /// <param name="session">Text with escape sequences for colours; others are left out.</param>
    /// <param name="title">Shown above.</param>
    public static string Draw(string session, string title)
    {
        var lines = session.ReplaceLineEndings("\n").TrimEnd().Split('\n');
        var columns = lines.Max(l => Sequence().Replace(l, string.Empty).Length);
        var width = (int)Math.Ceiling((columns * CharWidth) + (2 * Padding));
        var height = TitleBar + Padding + (lines.Length * LineHeight) + (Padding / 2);
        var svg = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-label="{SecurityElement.Escape(title)}">
            <rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>
            <circle cx="20" cy="17" r="6" fill="#ff5f57"/><circle cx="40" cy="17" r="6" fill="#febc2e"/><circle cx="60" cy="17" r="6" fill="#28c840"/>
            <text x="{width / 2}" y="22" text-anchor="middle" font-family="sans-serif" font-size="13" fill="#8b949e">{SecurityElement.Escape(title)}</text>
            <g font-family="ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="#c9d1d9" xml:space="preserve">

            """));
        var style = new Style(null, false);
        for (var i = 0; i < lines.Length; i++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text y=\"{TitleBar + Padding + (i * LineHeight)}\">");
            style = Line(svg, lines[i], style);
            svg.Append("</text>\n");
        }

        return svg.Append("</g>\n</svg>\n").ToString();
    }

    private static Style Line(StringBuilder svg, string line, Style style)
    {
        var column = 0;
        var at = 0;
        foreach (var match in Sequence().Matches(line).Append(null))
        {
            var text = line[at..(match?.Index ?? line.Length)];
            if (text.Length > 0)
            {
                var fill = style.Color is null ? "" : $" fill=\"{style.Color}\"";
                var weight = style.Bold ? " font-weight=\"bold\"" : "";
                svg.Append(CultureInfo.InvariantCulture, $"<tspan x=\"{Padding + (column * CharWidth):0.##}\"{fill}{weight}>{SecurityElement.Escape(text)}</tspan>");
            }

            column += text.Length;
            if (match is not null)
            {
                at = match.Index + match.Length;
                style = match.Groups["end"].Value == "m" ? style.With(match.Groups["codes"].Value) : style;
            }
        }

        return style;
    }

    [GeneratedRegex(@"\x1b\[(?<codes>[0-9;?]*)(?<end>[A-Za-z])")]
    private static partial Regex Sequence();

    private readonly record struct Style(string? Color, bool Bold)
    {
        public Style With(string codes)
        {
            var style = this;
            foreach (var part in codes.Split(';'))
            {
                var code = part.Length == 0 ? 0 : int.Parse(part, CultureInfo.InvariantCulture);
                style = code switch
                {
                    0 => default,
                    1 => style with { Bold = true },
                    22 => style with { Bold = false },
                    39 => style with { Color = null },
                    _ when Colors.TryGetValue(code, out var color) => style with { Color = color },
                    _ => style,
                };
            }

            return style;
        }
    }
}
