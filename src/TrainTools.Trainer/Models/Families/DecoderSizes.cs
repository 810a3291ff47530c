using TrainTools.Core.Models;

namespace TrainTools.Trainer.Models.Families;

/// <summary>Sizes under the names most decoders' configs use.</summary>
internal sealed record DecoderSizes(int Vocabulary, int Hidden, int Intermediate, int Layers, int Heads, int KeyValueHeads, int HeadDim, int MaxPositions)
{
    /// <summary>Reads and checks them. Errors: ModelConfigInvalid.</summary>
    public static DecoderSizes Read(ModelConfigFile config, int defaultMaxPositions = 2048)
    {
        int hidden = config.Size("hidden_size");
        int heads = config.Size("num_attention_heads");
        int keyValueHeads = config.SizeOrNull("num_key_value_heads") ?? heads;
        int? headDim = config.SizeOrNull("head_dim");
        if (heads % keyValueHeads != 0)
        {
            throw config.Wrong("num_key_value_heads", $"a divisor of the {heads} attention heads");
        }

        if (headDim is null && hidden % heads != 0)
        {
            throw config.Wrong("num_attention_heads", $"a divisor of hidden_size {hidden} where head_dim is not given");
        }

        return new DecoderSizes(
            config.Size("vocab_size"),
            hidden,
            config.Size("intermediate_size"),
            config.Size("num_hidden_layers"),
            heads,
            keyValueHeads,
            headDim ?? hidden / heads,
            config.SizeOrNull("max_position_embeddings") ?? defaultMaxPositions);
    }
}
