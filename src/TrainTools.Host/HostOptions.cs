using System.Text.RegularExpressions;

namespace TrainTools.Host;

/// <summary>What to run.</summary>
/// <param name="ScriptPath">A script file; null where <paramref name="Command"/> is given.</param>
/// <param name="Command">PowerShell text; null where a script is given.</param>
/// <param name="Arguments">Arguments of the script, as they were typed.</param>
public sealed partial record HostOptions(string? ScriptPath, string? Command, IReadOnlyList<string> Arguments)
{
    /// <summary>One screen of help.</summary>
    public const string Usage =
        """
        Runs PowerShell with the TrainTools module loaded, on machines that have no pwsh.

          TrainTools.Host <script.ps1> [arguments]
          TrainTools.Host -Command <text>

        The exit code is the script's own (exit N), 1 after a terminating error, 130 after Ctrl+C, 2 where the
        arguments of the host itself are wrong.
        """;

    /// <summary>Reads the command line; null if help was asked for.</summary>
    /// <exception cref="HostUsageException">Nothing to run, or the script does not exist.</exception>
    public static HostOptions? Parse(IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args.Count == 0 || Is(args[0], "-h", "-?", "-help", "--help"))
        {
            return null;
        }

        if (Is(args[0], "-c", "-command"))
        {
            return args.Count > 1
                ? new HostOptions(null, string.Join(' ', args.Skip(1)), [])
                : throw new HostUsageException("-Command needs the text to run.");
        }

        var first = Is(args[0], "-f", "-file") ? 1 : 0;
        if (args.Count == first)
        {
            throw new HostUsageException("-File needs the script to run.");
        }

        var script = Path.GetFullPath(args[first]);
        return File.Exists(script)
            ? new HostOptions(script, null, [.. args.Skip(first + 1)])
            : throw new HostUsageException($"There is no script '{args[first]}' (looked for {script}).");
    }

    /// <summary>
    /// The PowerShell text that does it. A script is called with its arguments: names of parameters stay bare, everything
    /// else is quoted, so nothing in a value is ever evaluated.
    /// </summary>
    public string ToScript()
    {
        if (ScriptPath is null)
        {
            return Command + "\nif (-not $?) { exit 1 }";
        }

        var arguments = string.Concat(Arguments.Select(a => " " + (ParameterName().IsMatch(a) ? a : Quote(a))));

        // `exit N` in a script file only ends that file; the process is to end with the same code.
        return $"& {Quote(ScriptPath)}{arguments}\nif (-not $?) {{ exit $LASTEXITCODE }}";
    }

    private static string Quote(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    [GeneratedRegex(@"^-[\p{L}_]\w*(:\$(true|false))?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ParameterName();

    private static bool Is(string argument, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (string.Equals(argument, name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
