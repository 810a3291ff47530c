using System.Globalization;

namespace TrainTools.Bench.Cleaning;

/// <summary>A command line that cannot be understood.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>A command, values in order, and options with a value each.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _options = [];
    private readonly List<string> _values = [];

    public Arguments(string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                _values.Add(args[i]);
            }
            else if (i + 1 < args.Length)
            {
                _options[args[i][2..]] = args[++i];
            }
            else
            {
                throw new UsageException($"{args[i]} needs a value");
            }
        }
    }

    public string? Command => _values.Count > 0 ? _values[0] : null;

    /// <summary>The value behind the command.</summary>
    public string Value(string name) => _values.Count > 1 ? _values[1] : throw new UsageException($"{name} is missing");

    public string Required(string option) => Optional(option) ?? throw new UsageException($"--{option} is missing");

    public string? Optional(string option) => _options.GetValueOrDefault(option);

    public T Optional<T>(string option, T fallback)
        where T : IParsable<T> => Optional(option) is { } text ? Parse<T>(option, text) : fallback;

    public T[] List<T>(string option, T[] fallback)
        where T : IParsable<T> => Optional(option) is { } text ? [.. text.Split(',').Select(t => Parse<T>(option, t))] : fallback;

    /// <summary>A value of an enumeration, written as snake_case or as in code.</summary>
    public T Choice<T>(string option, T fallback)
        where T : struct, Enum => Optional(option) is not { } text ? fallback
            : Enum.TryParse<T>(text.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var value) ? value
            : throw new UsageException($"--{option} cannot be {text}; known: {string.Join(", ", Enum.GetNames<T>())}");

    private static T Parse<T>(string option, string text)
        where T : IParsable<T> => T.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : throw new UsageException($"--{option} cannot be {text}");
}
