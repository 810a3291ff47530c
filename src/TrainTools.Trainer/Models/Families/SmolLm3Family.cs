using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Models.Families;

/// <summary>SmolLM3: Llama with some layers that do not rotate.</summary>
internal sealed class SmolLm3Family : LlamaLikeFamily
{
    /// <inheritdoc/>
    public override string ModelType => "smollm3";

    /// <inheritdoc/>
    public override string ClassPrefix => "SmolLM3";

    /// <inheritdoc/>
    protected override bool TiedByDefault => true;

    /// <inheritdoc/>
    protected override int? DefaultPadToken => 128004;

    /// <inheritdoc/>
    protected override RotaryDefaults RotaryDefaults { get; } = new() { Theta = 2_000_000 };

    /// <inheritdoc/>
    protected override DecoderSizes DefaultSizes { get; } = new()
    {
        Vocabulary = 128256, Hidden = 2048, Intermediate = 11008, Layers = 36, Heads = 16, KeyValueHeadsOrNull = 4, MaxPositions = 32768,
    };

    /// <inheritdoc/>
    protected override Traits ReadTraits(ModelConfigFile config, DecoderSizes sizes)
    {
        bool bias = config.Flag("attention_bias", false);
        bool[] rotated = Rotated(config, sizes.Layers);

        // Windows are for layers without rotary positions, if at all; layer_types has the last word.
        int? window = config.IntegerOrNull("sliding_window");
        bool windowed = window is not null && config.Flag("use_sliding_window", false);
        bool[] sliding = LayerTypes.Read(config, sizes.Layers, i => windowed && !rotated[i]);
        return new Traits
        {
            InputBias = bias,
            OutputBias = bias,
            FeedForwardBias = config.Flag("mlp_bias", false),
            Rotated = rotated,
            Windows = LayerTypes.Windows(config, sliding, window),
        };
    }

    /// <summary>no_rope_layers says 1 for a layer that rotates and 0 for one that does not.</summary>
    private static bool[] Rotated(ModelConfigFile config, int layers)
    {
        if (config.NumbersOrNull("no_rope_layers") is { } marks)
        {
            return marks.Count >= layers
                ? marks.Take(layers).Select(m => m != 0).ToArray()
                : throw config.Wrong("no_rope_layers", $"a list of {layers} marks, one a layer");
        }

        int interval = config.SizeOrNull("no_rope_layer_interval") ?? 4;
        return Enumerable.Range(1, layers).Select(i => i % interval != 0).ToArray();
    }
}
