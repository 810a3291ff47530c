namespace TrainTools.Core.Runs;

/// <summary>How to start the trainer on this machine.</summary>
/// <param name="FileName">The program to start.</param>
/// <param name="Arguments">What comes before the trainer's own arguments.</param>
public sealed record TrainerCommand(string FileName, IReadOnlyList<string> Arguments)
{
    /// <summary>Environment variables to set for the process, beside those it inherits.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Makes the program's last argument out of the trainer's arguments, where they cannot simply follow (PowerShell as the runtime); null = they follow.</summary>
    public Func<IReadOnlyList<string>, string>? Wrap { get; init; }

    /// <summary>The whole command line for the trainer's arguments.</summary>
    public IReadOnlyList<string> With(IReadOnlyList<string> arguments) => Wrap is null ? [.. Arguments, .. arguments] : [.. Arguments, Wrap(arguments)];
}
