using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Models.Families;

/// <summary>
/// Llama and the families that differ from it in a few settings: grouped queries, rotary positions, gated
/// feed-forward, RMSNorm before each half.
/// </summary>
internal abstract class LlamaLikeFamily : DecoderFamily
{
    /// <summary>Sizes for keys that a config leaves out.</summary>
    protected abstract DecoderSizes DefaultSizes { get; }

    /// <summary>Where the rotary settings differ from Llama's.</summary>
    protected virtual RotaryDefaults RotaryDefaults { get; } = new();

    /// <summary>pad_token_id where the config leaves it out.</summary>
    protected virtual int? DefaultPadToken => null;

    /// <summary>What this family's config says beyond Llama's common part.</summary>
    protected abstract Traits ReadTraits(ModelConfigFile config, DecoderSizes sizes);

    /// <inheritdoc/>
    protected override DecoderParts LayOutBase(ModelConfigFile config, ModelLayout layout, PretrainedModelOptions options)
    {
        var sizes = DefaultSizes.Read(config);
        var traits = ReadTraits(config, sizes);
        double epsilon = config.Number("rms_norm_eps", 1e-6);
        var activation = Activation(config, "hidden_act", "silu");
        var rotary = layout.Own(new RotaryEmbedding(RotarySettings.Read(config, sizes.HeadDim, sizes.MaxPositions, RotaryDefaults)));
        var common = new AttentionSettings
        {
            Heads = sizes.Heads,
            KeyValueHeads = sizes.KeyValueHeads,
            HeadDim = sizes.HeadDim,
            Scale = 1 / Math.Sqrt(sizes.HeadDim),
            Dropout = Share(config, options.AttentionDropout, "attention_dropout"),
        };

        return DecoderBlocks.Model(layout, sizes, config.IntegerOr("pad_token_id", DefaultPadToken), LayOutLayer, n => layout.RmsNorm(n, sizes.Hidden, epsilon));

        IModelLayer LayOutLayer(int i, string name)
        {
            var settings = common with { Window = traits.Windows?[i] };
            var (projection, output) = DecoderBlocks.Projections(layout, name + ".self_attn", sizes, settings, traits.InputBias, traits.OutputBias);
            (INormLayer, INormLayer)? norms = traits.HeadNorms
                ? (layout.RmsNorm(name + ".self_attn.q_norm", sizes.HeadDim, epsilon), layout.RmsNorm(name + ".self_attn.k_norm", sizes.HeadDim, epsilon))
                : null;
            var attention = new SelfAttention(i, settings, projection, output)
            {
                Rotary = traits.Rotated?[i] == false ? null : rotary,
                Norms = norms,
            };
            var feedForward = DecoderBlocks.FeedForward(layout, name + ".mlp", sizes, traits.FeedForwardBias, activation);
            var attentionNorm = layout.RmsNorm(name + ".input_layernorm", sizes.Hidden, epsilon);
            var feedForwardNorm = layout.RmsNorm(name + ".post_attention_layernorm", sizes.Hidden, epsilon);
            return new PreNormLayer(attentionNorm, attention, feedForwardNorm, feedForward);
        }
    }

    /// <summary>What a family has beyond Llama's common part.</summary>
    protected sealed record Traits
    {
        /// <summary>Biases of q, k and v.</summary>
        public bool InputBias { get; init; }

        /// <summary>Bias of o.</summary>
        public bool OutputBias { get; init; }

        /// <summary>Biases of gate, up and down.</summary>
        public bool FeedForwardBias { get; init; }

        /// <summary>Norms of each query and key head.</summary>
        public bool HeadNorms { get; init; }

        /// <summary>Window of each layer; null = none anywhere.</summary>
        public int?[]? Windows { get; init; }

        /// <summary>Whether each layer rotates; null = all do.</summary>
        public bool[]? Rotated { get; init; }
    }
}
