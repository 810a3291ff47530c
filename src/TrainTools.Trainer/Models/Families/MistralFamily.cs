using TrainTools.Core.Models;

namespace TrainTools.Trainer.Models.Families;

/// <summary>Mistral: Llama with one window for all layers.</summary>
internal sealed class MistralFamily : LlamaLikeFamily
{
    /// <inheritdoc/>
    public override string ModelType => "mistral";

    /// <inheritdoc/>
    public override string ClassPrefix => "Mistral";

    /// <inheritdoc/>
    protected override DecoderSizes DefaultSizes { get; } = new()
    {
        Vocabulary = 32000, Hidden = 4096, Intermediate = 14336, Layers = 32, Heads = 32, KeyValueHeadsOrNull = 8, MaxPositions = 131072,
    };

    /// <inheritdoc/>
    protected override Traits ReadTraits(ModelConfigFile config, DecoderSizes sizes)
    {
        int? window = config.IntegerOr("sliding_window", 4096);
        bool[] sliding = Enumerable.Repeat(window is not null, sizes.Layers).ToArray();
        return new Traits { Windows = LayerTypes.Windows(config, sliding, window) };
    }
}
