using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Models.Families;

/// <summary>GPT-NeoX and Pythia: attention and feed-forward side by side, LayerNorm, a quarter of each head rotated.</summary>
internal sealed class GptNeoXFamily : DecoderFamily
{
    private static readonly DecoderSizes DefaultSizes = new()
    {
        Vocabulary = 50432, Hidden = 6144, Intermediate = 24576, Layers = 44, Heads = 64, MaxPositions = 2048,
    };

    private static readonly RotaryDefaults Rotary = new() { ThetaKey = "rotary_emb_base", PartialKey = "rotary_pct", Partial = 0.25 };

    /// <inheritdoc/>
    public override string ModelType => "gpt_neox";

    /// <inheritdoc/>
    public override string ClassPrefix => "GPTNeoX";

    /// <inheritdoc/>
    public override NameAdapter Names { get; } = new("gpt_neox.")
    {
        BufferSuffixes = [".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq"],
        HeadPrefixes = ["embed_out.", "score.", "classifier."],
    };

    /// <inheritdoc/>
    protected override string HeadName => "embed_out";

    /// <inheritdoc/>
    protected override string TokensName => "gpt_neox.embed_in";

    /// <inheritdoc/>
    protected override string TokenHeadName => "classifier";

    /// <inheritdoc/>
    protected override DecoderParts LayOutBase(ModelConfigFile config, ModelLayout layout, PretrainedModelOptions options)
    {
        // Heads share no keys in this family, and their size always follows from the hidden size.
        var sizes = DefaultSizes.Read(config) with { KeyValueHeadsOrNull = null, HeadDimOrNull = null };
        if (sizes.Hidden % sizes.Heads != 0)
        {
            throw config.Wrong("num_attention_heads", $"a divisor of hidden_size {sizes.Hidden}");
        }

        double epsilon = config.Number("layer_norm_eps", 1e-5);
        bool bias = config.Flag("attention_bias", true);
        bool parallel = config.Flag("use_parallel_residual", true);
        double hiddenDropout = Share(config, options.HiddenDropout, "hidden_dropout");
        var activation = Activation(config, "hidden_act", "gelu");
        var rotary = layout.Own(new RotaryEmbedding(RotarySettings.Read(config, sizes.HeadDim, sizes.MaxPositions, Rotary)));
        var settings = new AttentionSettings
        {
            Heads = sizes.Heads,
            KeyValueHeads = sizes.Heads,
            HeadDim = sizes.HeadDim,
            Scale = 1 / Math.Sqrt(sizes.HeadDim),
            Dropout = Share(config, options.AttentionDropout, "attention_dropout"),
        };

        var tokens = layout.Embedding("gpt_neox.embed_in", sizes.Vocabulary, sizes.Hidden);
        var layers = new List<IModelLayer>();
        for (int i = 0; i < sizes.Layers; i++)
        {
            string name = $"gpt_neox.layers.{i}";
            var attentionNorm = layout.LayerNorm(name + ".input_layernorm", sizes.Hidden, epsilon);
            var feedForwardNorm = layout.LayerNorm(name + ".post_attention_layernorm", sizes.Hidden, epsilon);
            var fused = layout.Linear(name + ".attention.query_key_value", sizes.Hidden, 3 * sizes.Hidden, bias);
            var output = layout.Linear(name + ".attention.dense", sizes.Hidden, sizes.Hidden, bias);
            var attention = new SelfAttention(i, settings, new HeadwiseQueryKeyValue(fused, settings), output) { Rotary = rotary };
            var feedForward = new PlainFeedForward(
                layout.Linear(name + ".mlp.dense_h_to_4h", sizes.Hidden, sizes.Intermediate, bias: true),
                layout.Linear(name + ".mlp.dense_4h_to_h", sizes.Intermediate, sizes.Hidden, bias: true),
                activation);
            layers.Add(parallel
                ? new ParallelLayer(attentionNorm, attention, feedForwardNorm, feedForward) { BranchDropout = hiddenDropout }
                : new PreNormLayer(attentionNorm, attention, feedForwardNorm, feedForward) { BranchDropout = hiddenDropout });
        }

        var norm = layout.LayerNorm("gpt_neox.final_layer_norm", sizes.Hidden, epsilon);
        var backbone = new Decoder(tokens, layers, norm, new DecoderSettings { EmbeddingDropout = hiddenDropout });
        return new DecoderParts(backbone, tokens, sizes.Hidden, sizes.Vocabulary, sizes.MaxPositions);
    }
}
