using System.Text.Json.Nodes;
using TrainTools.Core.Configuration;

namespace TrainTools.Core.Runs;

/// <summary>One line on the standard input of the trainer's `init` verb: a model to be made with fresh weights.</summary>
public sealed record InitRequest
{
    /// <summary>A config.json, or the folder it is in.</summary>
    public required string ConfigPath { get; init; }

    /// <summary>Fields that replace the config's.</summary>
    public JsonObject? Overrides { get; init; }

    /// <summary>Folder of the tokenizer; null = the config's folder.</summary>
    public string? TokenizerPath { get; init; }

    /// <summary>Folder to write; it must not exist unless <see cref="Overwrite"/>.</summary>
    public required string OutputPath { get; init; }

    /// <summary>The head; null = masked tokens for encoders, next tokens for decoders.</summary>
    public TaskType? Task { get; init; }

    /// <summary>Seed of the weights.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>Replace what is at <see cref="OutputPath"/>.</summary>
    public bool Overwrite { get; init; }
}

/// <summary>A model was made with fresh weights.</summary>
public sealed record InitializedModel : TrainerEvent
{
    /// <summary>Its folder.</summary>
    public required string Path { get; init; }

    /// <summary>Its family (model_type).</summary>
    public required string ModelType { get; init; }

    /// <summary>Parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>Layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Size of the hidden state.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
