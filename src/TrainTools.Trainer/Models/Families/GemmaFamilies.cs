using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Models.Families;

/// <summary>
/// What Gemma 2 and 3 share: norms before and after each half whose weights count from one, embeddings times
/// √hidden, a scale of its own for the scores, windows on most layers, soft-caps.
/// </summary>
internal abstract class GemmaFamily : DecoderFamily
{
    private static readonly DecoderSizes DefaultSizes = new()
    {
        Vocabulary = 256000, Hidden = 2304, Intermediate = 9216, Layers = 26, Heads = 8, KeyValueHeadsOrNull = 4, HeadDimOrNull = 256, MaxPositions = 8192,
    };

    /// <inheritdoc/>
    protected override bool TiedByDefault => true;

    /// <summary>Sizes for keys that a config leaves out.</summary>
    protected virtual DecoderSizes Sizes => DefaultSizes;

    /// <summary>What this generation's config says.</summary>
    protected abstract Traits ReadTraits(ModelConfigFile config, DecoderSizes sizes, ModelLayout layout);

    /// <inheritdoc/>
    protected override DecoderParts LayOutBase(ModelConfigFile config, ModelLayout layout, PretrainedModelOptions options)
    {
        var sizes = Sizes.Read(config);
        var traits = ReadTraits(config, sizes, layout);
        double epsilon = config.Number("rms_norm_eps", 1e-6);
        bool bias = config.Flag("attention_bias", false);
        var activation = Activation(config, "hidden_activation", "gelu_pytorch_tanh");
        double scalar = config.Number("query_pre_attn_scalar", 256);
        if (scalar <= 0)
        {
            throw config.Wrong("query_pre_attn_scalar", "above 0");
        }

        var common = new AttentionSettings
        {
            Heads = sizes.Heads,
            KeyValueHeads = sizes.KeyValueHeads,
            HeadDim = sizes.HeadDim,
            Scale = 1 / Math.Sqrt(scalar),
            SoftCap = traits.AttentionSoftCap,
            Dropout = Share(config, options.AttentionDropout, "attention_dropout"),
        };

        var parts = DecoderBlocks.Model(
            layout,
            sizes,
            config.IntegerOr("pad_token_id", 0),
            LayOutLayer,
            n => Norm(n, sizes.Hidden),
            new DecoderSettings { EmbeddingScale = Math.Sqrt(sizes.Hidden), Bidirectional = traits.Bidirectional });
        return parts with { LogitSoftCap = traits.LogitSoftCap };

        INormLayer Norm(string name, int size) => layout.RmsNorm(name, size, epsilon, RmsNormStyle.OffsetThenCast);

        IModelLayer LayOutLayer(int i, string name)
        {
            var settings = common with { Window = traits.Windows[i] };
            var (projection, output) = DecoderBlocks.Projections(layout, name + ".self_attn", sizes, settings, bias, bias);
            (INormLayer, INormLayer)? norms = traits.HeadNorms
                ? (Norm(name + ".self_attn.q_norm", sizes.HeadDim), Norm(name + ".self_attn.k_norm", sizes.HeadDim))
                : null;
            var attention = new SelfAttention(i, settings, projection, output) { Rotary = traits.Rotary[i], Norms = norms };
            var feedForward = DecoderBlocks.FeedForward(layout, name + ".mlp", sizes, bias: false, activation);
            var beforeAttention = Norm(name + ".input_layernorm", sizes.Hidden);
            var afterAttention = Norm(name + ".post_attention_layernorm", sizes.Hidden);
            var beforeFeedForward = Norm(name + ".pre_feedforward_layernorm", sizes.Hidden);
            var afterFeedForward = Norm(name + ".post_feedforward_layernorm", sizes.Hidden);
            return new SandwichNormLayer(beforeAttention, attention, afterAttention, beforeFeedForward, feedForward, afterFeedForward);
        }
    }

    /// <summary>A cap; absent = the generation's default, null = none.</summary>
    protected static double? Cap(ModelConfigFile config, string key, double? otherwise)
    {
        double? cap = config.NumberOr(key, otherwise);
        return cap is null or > 0 ? cap : throw config.Wrong(key, "above 0");
    }

    /// <summary>What a generation has beyond the common part.</summary>
    protected sealed record Traits
    {
        /// <summary>Window of each layer.</summary>
        public required int?[] Windows { get; init; }

        /// <summary>Rotary positions of each layer.</summary>
        public required RotaryEmbedding[] Rotary { get; init; }

        /// <summary>Norms of each query and key head.</summary>
        public bool HeadNorms { get; init; }

        /// <summary>Cap of the scores.</summary>
        public double? AttentionSoftCap { get; init; }

        /// <summary>Cap of the logits.</summary>
        public double? LogitSoftCap { get; init; }

        /// <summary>Whether later positions are seen too.</summary>
        public bool Bidirectional { get; init; }
    }
}

/// <summary>Gemma 2: caps on scores and logits, every second layer behind a window.</summary>
internal sealed class Gemma2Family : GemmaFamily
{
    /// <inheritdoc/>
    public override string ModelType => "gemma2";

    /// <inheritdoc/>
    public override string ClassPrefix => "Gemma2";

    /// <inheritdoc/>
    protected override Traits ReadTraits(ModelConfigFile config, DecoderSizes sizes, ModelLayout layout)
    {
        if (config.Flag("use_bidirectional_attention", false))
        {
            throw config.Unsupported("use_bidirectional_attention", "false for gemma2");
        }

        var rotary = layout.Own(new RotaryEmbedding(RotarySettings.Read(config, sizes.HeadDim, sizes.MaxPositions)));
        bool[] sliding = LayerTypes.Read(config, sizes.Layers, i => i % 2 == 0);
        return new Traits
        {
            Windows = LayerTypes.Windows(config, sliding, config.IntegerOr("sliding_window", 4096)),
            Rotary = Enumerable.Repeat(rotary, sizes.Layers).ToArray(),
            AttentionSoftCap = Cap(config, "attn_logit_softcapping", 50),
            LogitSoftCap = Cap(config, "final_logit_softcapping", 30),
        };
    }
}

/// <summary>
/// Gemma 3, text: norms of query and key heads, five layers behind a window to one that sees everything, and rotary
/// settings of its own for either kind. Its code leaves attn_logit_softcapping unused, and so does this.
/// </summary>
internal sealed class Gemma3TextFamily : GemmaFamily
{
    /// <inheritdoc/>
    public override string ModelType => "gemma3_text";

    /// <inheritdoc/>
    public override string ClassPrefix => "Gemma3Text";

    /// <inheritdoc/>
    protected override string CausalClass => "Gemma3ForCausalLM";

    /// <inheritdoc/>
    protected override DecoderSizes Sizes => base.Sizes with { Vocabulary = 262208, MaxPositions = 131072 };

    /// <inheritdoc/>
    protected override Traits ReadTraits(ModelConfigFile config, DecoderSizes sizes, ModelLayout layout)
    {
        int pattern = config.SizeOrNull("sliding_window_pattern") ?? 6;
        bool[] sliding = LayerTypes.Read(config, sizes.Layers, i => (i + 1) % pattern != 0);
        bool bidirectional = config.Flag("use_bidirectional_attention", false);
        int? window = config.IntegerOr("sliding_window", 4096);
        var local = layout.Own(new RotaryEmbedding(Settings(LayerTypes.Sliding, "rope_local_base_freq", 10_000, null)));
        var global = layout.Own(new RotaryEmbedding(Settings(LayerTypes.Full, "rope_theta", 1_000_000, config.SectionOrNull("rope_scaling"))));
        return new Traits
        {
            Windows = LayerTypes.Windows(config, sliding, bidirectional ? (window / 2) + 1 : window),
            Rotary = Array.ConvertAll(sliding, s => s ? local : global),
            HeadNorms = true,
            LogitSoftCap = Cap(config, "final_logit_softcapping", null),
            Bidirectional = bidirectional,
        };

        // 5.x has a section a layer type; 4.x has two bases, and rope_scaling for the full layers alone.
        RotarySettings Settings(string layerType, string thetaKey, double theta, ModelConfigFile? scaling)
        {
            var own = config.SectionOrNull("rope_parameters")?.SectionOrNull(layerType);
            return RotarySettings.Read(
                config,
                scaling ?? own,
                scaling?.NumberOrNull("rope_theta") ?? own?.NumberOrNull("rope_theta") ?? config.NumberOrNull(thetaKey) ?? theta,
                1,
                sizes.HeadDim,
                sizes.MaxPositions,
                new RotaryDefaults());
        }
    }
}
