using TrainTools.Core.Models;

namespace TrainTools.Trainer.Models.Families;

/// <summary>Qwen2 and 2.5: Llama with biases on q, k and v, and windows on the upper layers where asked.</summary>
internal sealed class Qwen2Family : LlamaLikeFamily
{
    /// <inheritdoc/>
    public override string ModelType => "qwen2";

    /// <inheritdoc/>
    public override string ClassPrefix => "Qwen2";

    /// <inheritdoc/>
    protected override DecoderSizes DefaultSizes => QwenWindows.DefaultSizes;

    /// <inheritdoc/>
    protected override Traits ReadTraits(ModelConfigFile config, DecoderSizes sizes) =>
        new() { InputBias = true, Windows = QwenWindows.Read(config, sizes) };
}

/// <summary>Qwen3: Qwen2 with norms of query and key heads, biases only where asked.</summary>
internal sealed class Qwen3Family : LlamaLikeFamily
{
    /// <inheritdoc/>
    public override string ModelType => "qwen3";

    /// <inheritdoc/>
    public override string ClassPrefix => "Qwen3";

    /// <inheritdoc/>
    protected override DecoderSizes DefaultSizes { get; } = QwenWindows.DefaultSizes with { HeadDimOrNull = 128 };

    /// <inheritdoc/>
    protected override Traits ReadTraits(ModelConfigFile config, DecoderSizes sizes)
    {
        bool bias = config.Flag("attention_bias", false);
        return new Traits { InputBias = bias, OutputBias = bias, HeadNorms = true, Windows = QwenWindows.Read(config, sizes) };
    }
}

/// <summary>What both Qwens share: windows from max_window_layers on, if use_sliding_window says so.</summary>
internal static class QwenWindows
{
    /// <summary>Sizes for keys that a config leaves out.</summary>
    public static DecoderSizes DefaultSizes { get; } = new()
    {
        Vocabulary = 151936, Hidden = 4096, Intermediate = 22016, Layers = 32, Heads = 32, KeyValueHeadsOrNull = 32, MaxPositions = 32768,
    };

    /// <summary>The window of each layer.</summary>
    public static int?[] Read(ModelConfigFile config, DecoderSizes sizes)
    {
        int? window = config.Flag("use_sliding_window", false) ? config.IntegerOr("sliding_window", 4096) : null;
        int first = config.IntegerOrNull("max_window_layers") ?? 28;
        return LayerTypes.Windows(config, LayerTypes.Read(config, sizes.Layers, i => window is not null && i >= first), window);
    }
}
