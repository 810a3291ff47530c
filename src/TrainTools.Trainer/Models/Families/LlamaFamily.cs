using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Models.Families;

/// <summary>Llama 1 to 3: grouped queries, rotary positions, gated feed-forward, RMSNorm before each half.</summary>
internal sealed class LlamaFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string ModelType => "llama";

    /// <inheritdoc/>
    protected override DecoderParts LayOutBase(ModelConfigFile config, ModelLayout layout, PretrainedModelOptions options)
    {
        var sizes = DecoderSizes.Read(config);
        double epsilon = config.Number("rms_norm_eps", 1e-6);
        bool attentionBias = config.Flag("attention_bias", false);
        bool feedForwardBias = config.Flag("mlp_bias", false);
        var activation = Activation(config, "hidden_act", "silu");
        var rotary = layout.Own(new RotaryEmbedding(RotarySettings.Read(config, sizes.HeadDim, sizes.MaxPositions)));
        var attention = new AttentionSettings
        {
            Heads = sizes.Heads,
            KeyValueHeads = sizes.KeyValueHeads,
            HeadDim = sizes.HeadDim,
            Scale = 1 / Math.Sqrt(sizes.HeadDim),
            Dropout = Share(config, options.AttentionDropout, "attention_dropout"),
        };

        var tokens = layout.Embedding("model.embed_tokens", sizes.Vocabulary, sizes.Hidden, config.IntegerOrNull("pad_token_id"));
        var layers = new List<IModelLayer>();
        for (int i = 0; i < sizes.Layers; i++)
        {
            string name = $"model.layers.{i}";
            var projection = new SeparateQueryKeyValue(
                layout.Linear(name + ".self_attn.q_proj", sizes.Hidden, sizes.Heads * sizes.HeadDim, attentionBias),
                layout.Linear(name + ".self_attn.k_proj", sizes.Hidden, sizes.KeyValueHeads * sizes.HeadDim, attentionBias),
                layout.Linear(name + ".self_attn.v_proj", sizes.Hidden, sizes.KeyValueHeads * sizes.HeadDim, attentionBias),
                attention);
            var output = layout.Linear(name + ".self_attn.o_proj", sizes.Heads * sizes.HeadDim, sizes.Hidden, attentionBias);
            var feedForward = new GatedFeedForward(
                layout.Linear(name + ".mlp.gate_proj", sizes.Hidden, sizes.Intermediate, feedForwardBias),
                layout.Linear(name + ".mlp.up_proj", sizes.Hidden, sizes.Intermediate, feedForwardBias),
                layout.Linear(name + ".mlp.down_proj", sizes.Intermediate, sizes.Hidden, feedForwardBias),
                activation);
            layers.Add(new PreNormLayer(
                layout.RmsNorm(name + ".input_layernorm", sizes.Hidden, epsilon),
                new SelfAttention(i, attention, projection, output) { Rotary = rotary },
                layout.RmsNorm(name + ".post_attention_layernorm", sizes.Hidden, epsilon),
                feedForward));
        }

        var norm = layout.RmsNorm("model.norm", sizes.Hidden, epsilon);
        return new DecoderParts(new Decoder(tokens, layers, norm), tokens, sizes.Hidden, sizes.Vocabulary, sizes.MaxPositions);
    }
}
