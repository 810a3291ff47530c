using TrainTools.Core.Configuration;

namespace TrainTools.Core.Samples;

/// <summary>How records become samples; names as in TRL's SFTConfig.</summary>
public sealed record SampleOptions
{
    /// <summary>Longest sample in tokens; null = no limit.</summary>
    public int? MaxLength { get; init; } = 1024;

    /// <summary>Which part of a row that is too long is kept; packing always keeps the start.</summary>
    public TruncationMode TruncationMode { get; init; } = TruncationMode.KeepStart;

    /// <summary>Several documents in one row of <see cref="MaxLength"/> tokens.</summary>
    public bool Packing { get; init; }

    /// <summary>How documents are packed.</summary>
    public PackingStrategy PackingStrategy { get; init; } = PackingStrategy.Bfd;

    /// <summary>Loss on the assistant's turns only; every record must be a conversation.</summary>
    public bool AssistantOnlyLoss { get; init; }

    /// <summary>Loss on completions only; null = wherever a record has one.</summary>
    public bool? CompletionOnlyLoss { get; init; }

    /// <summary>Cut the start of a row that is too long rather than lose every target of it.</summary>
    public bool KeepTarget { get; init; }

    /// <summary>The options of a configuration.</summary>
    public static SampleOptions From(DataConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new SampleOptions
        {
            MaxLength = config.MaxLength,
            TruncationMode = config.TruncationMode,
            Packing = config.Packing ?? false,
            PackingStrategy = config.PackingStrategy,
            AssistantOnlyLoss = config.AssistantOnlyLoss,
            CompletionOnlyLoss = config.CompletionOnlyLoss,
            KeepTarget = config.KeepTarget,
        };
    }
}
