using TrainTools.Core.Models;

namespace TrainTools.Trainer.Models.Families;

/// <summary>
/// Sizes under the names most decoders' configs use. An instance holds a family's defaults for keys that a config
/// leaves out, as transformers' config classes have them.
/// </summary>
internal sealed record DecoderSizes
{
    /// <summary>vocab_size.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>hidden_size.</summary>
    public required int Hidden { get; init; }

    /// <summary>intermediate_size.</summary>
    public required int Intermediate { get; init; }

    /// <summary>num_hidden_layers.</summary>
    public required int Layers { get; init; }

    /// <summary>num_attention_heads.</summary>
    public required int Heads { get; init; }

    /// <summary>num_key_value_heads; null = as many as heads.</summary>
    public int? KeyValueHeadsOrNull { get; init; }

    /// <summary>head_dim; null = hidden_size / heads.</summary>
    public int? HeadDimOrNull { get; init; }

    /// <summary>max_position_embeddings.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Key and value heads in force.</summary>
    public int KeyValueHeads => KeyValueHeadsOrNull ?? Heads;

    /// <summary>Head size in force.</summary>
    public int HeadDim => HeadDimOrNull ?? Hidden / Heads;

    /// <summary>Reads and checks a config against these defaults. Errors: ModelConfigInvalid.</summary>
    public DecoderSizes Read(ModelConfigFile config)
    {
        var sizes = new DecoderSizes
        {
            Vocabulary = config.Size("vocab_size", Vocabulary),
            Hidden = config.Size("hidden_size", Hidden),
            Intermediate = config.Size("intermediate_size", Intermediate),
            Layers = config.Size("num_hidden_layers", Layers),
            Heads = config.Size("num_attention_heads", Heads),
            KeyValueHeadsOrNull = config.Contains("num_key_value_heads") ? config.SizeOrNull("num_key_value_heads") : KeyValueHeadsOrNull,
            HeadDimOrNull = config.Contains("head_dim") ? config.SizeOrNull("head_dim") : HeadDimOrNull,
            MaxPositions = config.Size("max_position_embeddings", MaxPositions),
        };
        if (sizes.Heads % sizes.KeyValueHeads != 0)
        {
            throw config.Wrong("num_key_value_heads", $"a divisor of the {sizes.Heads} attention heads");
        }

        if (sizes.HeadDimOrNull is null && sizes.Hidden % sizes.Heads != 0)
        {
            throw config.Wrong("num_attention_heads", $"a divisor of hidden_size {sizes.Hidden} where head_dim is not given");
        }

        return sizes;
    }
}
