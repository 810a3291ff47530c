using System.Globalization;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Runs;

/// <summary>How a run is to be done, beside what config.yaml says: the options of the trainer's verb `run`, both ways.</summary>
public sealed record RunRequest
{
    /// <summary>A checkpoint to continue from: a folder, a name, a step, or "latest"; null = a new run.</summary>
    public string? Resume { get; init; }

    /// <summary>Continue although something has changed that changes the training.</summary>
    public bool Force { get; init; }

    /// <summary>Whether the end of standard input asks for a stop.</summary>
    public bool WatchInput { get; init; }

    /// <summary>Whether the run outlives the shell and the terminal that started it.</summary>
    public bool Detach { get; init; }

    /// <summary>Time after which it stops, with a checkpoint; null = none.</summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>Moment at which it stops, with a checkpoint; null = none.</summary>
    public DateTimeOffset? StopAt { get; init; }

    /// <summary>Symptoms and severities at which it stops, as <see cref="StopRule"/> reads them.</summary>
    public IReadOnlyList<string> StopOn { get; init; } = [];

    /// <summary>Whether it applies safe remedies to itself.</summary>
    public bool AutoRemedy { get; init; }

    /// <summary>The options as the trainer's arguments.</summary>
    public IReadOnlyList<string> ToArguments() =>
    [
        .. Resume is null ? (string[])[] : ["--resume", Resume],
        .. Force ? (string[])["--force"] : [],
        .. WatchInput ? (string[])["--watch-stdin"] : [],
        .. Detach ? (string[])["--detach"] : [],
        .. MaxDuration is { } time ? (string[])["--max-duration", time.ToString("c", CultureInfo.InvariantCulture)] : [],
        .. StopAt is { } at ? (string[])["--stop-at", at.ToString("O", CultureInfo.InvariantCulture)] : [],
        .. AutoRemedy ? (string[])["--remedy", "auto"] : [],
        .. StopOn.SelectMany(s => (string[])["--stop-on", s]),
    ];

    /// <summary>Reads the trainer's arguments.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.TrainerUsage"/>, or <see cref="ErrorIds.SymptomUnknown"/>.</exception>
    public static RunRequest Parse(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var request = new RunRequest();
        for (var i = 0; i < arguments.Count; i++)
        {
            var option = arguments[i];
            string Value() => ++i < arguments.Count ? arguments[i] : throw Misused($"'{option}' lacks its value");
            request = option switch
            {
                "--watch-stdin" => request with { WatchInput = true },
                "--force" => request with { Force = true },
                "--detach" => request with { Detach = true },
                "--resume" => request with { Resume = Checkpoint(Value()) },
                "--max-duration" => request with { MaxDuration = Duration(Value()) ?? throw Misused($"'{arguments[i]}' is no duration: give seconds, hh:mm:ss or d.hh:mm:ss") },
                "--stop-at" => request with { StopAt = Moment(Value(), DateTimeOffset.Now) ?? throw Misused($"'{arguments[i]}' is no moment: give one such as 2026-01-31T06:00, or 06:00 for the next time it is six") },
                "--remedy" => request with { AutoRemedy = Value() == "auto" ? true : throw Misused($"--remedy is auto, not '{arguments[i]}'") },
                "--stop-on" => request with { StopOn = [.. request.StopOn, Value()] },
                _ => throw Misused($"'{option}' is no option of run"),
            };
        }

        _ = StopRule.Parse(request.StopOn);
        return request;
    }

    /// <summary>The error of a command line that cannot be used.</summary>
    public static TrainToolsException Misused(string what) => new(
        ErrorIds.TrainerUsage, ErrorKind.InvalidArgument, $"The trainer's command line cannot be used: {what}.", "Run it with --help.");

    // A folder is meant from here; a name or a step is the run folder's.
    private static string Checkpoint(string text) => Directory.Exists(text) ? Path.GetFullPath(text) : text;

    /// <summary>A duration as people write it: seconds, hh:mm:ss or d.hh:mm:ss; null where it is none, or not above zero.</summary>
    public static TimeSpan? Duration(string text)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            return seconds is > 0 and < 1e9 ? TimeSpan.FromSeconds(seconds) : null;
        }

        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time > TimeSpan.Zero ? time : null;
    }

    /// <summary>A moment as people write it: date and time, or a time of day, which is then the next one; null where it is none.</summary>
    /// <param name="text">Such as 2026-01-31T06:00 or 06:00.</param>
    /// <param name="now">The present.</param>
    public static DateTimeOffset? Moment(string text, DateTimeOffset now)
    {
        if (TimeOnly.TryParse(text, CultureInfo.InvariantCulture, out var time))
        {
            var today = new DateTimeOffset(now.Date + time.ToTimeSpan(), now.Offset);
            return today > now ? today : today.AddDays(1);
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var moment) ? moment : null;
    }
}
