using TrainTools.Core.Data;

namespace TrainTools.Core.Runs;

/// <summary>
/// One line on the standard input of the trainer's `generate` verb: a prompt and how to answer it. Names as in
/// transformers' generation config; each is answered by one <see cref="GeneratedText"/>.
/// </summary>
public sealed record GenerationRequest
{
    /// <summary>Text to continue, to classify or to tag. One of this, <see cref="Messages"/> and <see cref="Words"/>.</summary>
    public string? Prompt { get; init; }

    /// <summary>Conversation to answer, rendered with the model's chat template.</summary>
    public IReadOnlyList<ChatMessage>? Messages { get; init; }

    /// <summary>Words to tag.</summary>
    public IReadOnlyList<string>? Words { get; init; }

    /// <summary>Most tokens that a classifier or tagger reads at once; null = the model's positions.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Give the logits too.</summary>
    public bool WithLogits { get; init; }

    /// <summary>Most tokens to generate.</summary>
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>False: the most likely token each time.</summary>
    public bool DoSample { get; init; }

    /// <summary>Divides the logits before sampling.</summary>
    public double Temperature { get; init; } = 1.0;

    /// <summary>Sample among this many most likely tokens; 0 = all.</summary>
    public int TopK { get; init; }

    /// <summary>Sample among the most likely tokens that together have this probability; 1 = all.</summary>
    public double TopP { get; init; } = 1.0;

    /// <summary>Seed of the sampling.</summary>
    public long Seed { get; init; } = 42;
}
