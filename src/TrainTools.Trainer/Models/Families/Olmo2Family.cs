using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Models.Families;

/// <summary>OLMo-2: norms after each half instead of before, and norms of all query and all key heads together.</summary>
internal sealed class Olmo2Family : DecoderFamily
{
    private static readonly DecoderSizes DefaultSizes = new()
    {
        Vocabulary = 50304, Hidden = 4096, Intermediate = 11008, Layers = 32, Heads = 32, MaxPositions = 2048,
    };

    /// <inheritdoc/>
    public override string ModelType => "olmo2";

    /// <inheritdoc/>
    public override string ClassPrefix => "Olmo2";

    /// <inheritdoc/>
    protected override DecoderParts LayOutBase(ModelConfigFile config, ModelLayout layout, PretrainedModelOptions options)
    {
        var sizes = DefaultSizes.Read(config);
        double epsilon = config.Number("rms_norm_eps", 1e-5);
        bool bias = config.Flag("attention_bias", false);
        var activation = Activation(config, "hidden_act", "silu");
        var rotary = layout.Own(new RotaryEmbedding(RotarySettings.Read(config, sizes.HeadDim, sizes.MaxPositions)));
        var settings = new AttentionSettings
        {
            Heads = sizes.Heads,
            KeyValueHeads = sizes.KeyValueHeads,
            HeadDim = sizes.HeadDim,
            Scale = 1 / Math.Sqrt(sizes.HeadDim),
            Dropout = Share(config, options.AttentionDropout, "attention_dropout"),
        };

        return DecoderBlocks.Model(layout, sizes, config.IntegerOr("pad_token_id", 1), LayOutLayer, n => Norm(n, sizes.Hidden));

        INormLayer Norm(string name, int size) => layout.RmsNorm(name, size, epsilon, RmsNormStyle.ScaleThenCast);

        IModelLayer LayOutLayer(int i, string name)
        {
            var (projection, output) = DecoderBlocks.Projections(layout, name + ".self_attn", sizes, settings, bias, bias);
            var queryNorm = Norm(name + ".self_attn.q_norm", sizes.Heads * sizes.HeadDim);
            var keyNorm = Norm(name + ".self_attn.k_norm", sizes.KeyValueHeads * sizes.HeadDim);
            var attention = new SelfAttention(i, settings, projection, output)
            {
                Rotary = rotary,
                Norms = (queryNorm, keyNorm),
                NormsAcrossHeads = true,
            };
            var feedForward = DecoderBlocks.FeedForward(layout, name + ".mlp", sizes, bias: false, activation);
            var attentionNorm = Norm(name + ".post_attention_layernorm", sizes.Hidden);
            var feedForwardNorm = Norm(name + ".post_feedforward_layernorm", sizes.Hidden);
            return new PostNormLayer(attention, attentionNorm, feedForward, feedForwardNorm);
        }
    }
}
