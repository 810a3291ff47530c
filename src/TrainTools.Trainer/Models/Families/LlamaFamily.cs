using TrainTools.Core.Models;

namespace TrainTools.Trainer.Models.Families;

/// <summary>Llama 1 to 3 and what is published under its model_type.</summary>
internal sealed class LlamaFamily : LlamaLikeFamily
{
    /// <inheritdoc/>
    public override string ModelType => "llama";

    /// <inheritdoc/>
    public override string ClassPrefix => "Llama";

    /// <inheritdoc/>
    protected override DecoderSizes DefaultSizes { get; } = new()
    {
        Vocabulary = 32000, Hidden = 4096, Intermediate = 11008, Layers = 32, Heads = 32, MaxPositions = 2048,
    };

    /// <inheritdoc/>
    protected override Traits ReadTraits(ModelConfigFile config, DecoderSizes sizes)
    {
        bool bias = config.Flag("attention_bias", false);
        return new Traits { InputBias = bias, OutputBias = bias, FeedForwardBias = config.Flag("mlp_bias", false) };
    }
}
