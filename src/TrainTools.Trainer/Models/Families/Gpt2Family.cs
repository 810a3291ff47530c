using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Models.Families;

/// <summary>GPT-2: learnt positions, LayerNorm, weights stored [in, out].</summary>
internal sealed class Gpt2Family : DecoderFamily
{
    /// <inheritdoc/>
    public override string ModelType => "gpt2";

    /// <inheritdoc/>
    public override string ClassPrefix => "GPT2";

    /// <inheritdoc/>
    public override NameAdapter Names { get; } = new("transformer.")
    {
        BufferSuffixes = [".attn.bias", ".attn.masked_bias"],
        HeadPrefixes = ["lm_head.", "score.", "classifier.", "multiple_choice_head."],
    };

    /// <inheritdoc/>
    protected override string CausalClass => "GPT2LMHeadModel";

    /// <inheritdoc/>
    protected override string TokensName => "transformer.wte";

    /// <inheritdoc/>
    protected override string TokenHeadName => "classifier";

    /// <inheritdoc/>
    protected override bool TiedByDefault => true;

    /// <inheritdoc/>
    protected override DecoderParts LayOutBase(ModelConfigFile config, ModelLayout layout, PretrainedModelOptions options)
    {
        if (config.Flag("add_cross_attention", false))
        {
            throw config.Unsupported("add_cross_attention", "false");
        }

        // attribute_map: either name is understood, the family's own first.
        int hidden = Either(config, "n_embd", "hidden_size", 768);
        int heads = Either(config, "n_head", "num_attention_heads", 12);
        int count = Either(config, "n_layer", "num_hidden_layers", 12);
        int positions = Either(config, "n_positions", "max_position_embeddings", 1024);
        int vocabulary = config.Size("vocab_size", 50257);
        int intermediate = config.SizeOrNull("n_inner") ?? 4 * hidden;
        if (hidden % heads != 0)
        {
            throw config.Wrong("n_head", $"a divisor of n_embd {hidden}");
        }

        double epsilon = config.Number("layer_norm_epsilon", 1e-5);
        double branchDropout = Share(config, options.HiddenDropout, "resid_pdrop", 0.1);
        double attentionDropout = Share(config, options.AttentionDropout, "attn_pdrop", 0.1);
        double embeddingDropout = Share(config, options.HiddenDropout, "embd_pdrop", 0.1);
        var activation = Activation(config, "activation_function", "gelu_new");
        bool scaled = config.Flag("scale_attn_weights", true);
        bool scaledByLayer = config.Flag("scale_attn_by_inverse_layer_idx", false);

        var tokens = layout.Embedding("transformer.wte", vocabulary, hidden);
        var learntPositions = layout.Embedding("transformer.wpe", positions, hidden);
        var layers = new List<IModelLayer>();
        for (int i = 0; i < count; i++)
        {
            string name = $"transformer.h.{i}";
            var settings = new AttentionSettings
            {
                Heads = heads,
                KeyValueHeads = heads,
                HeadDim = hidden / heads,
                Scale = (scaled ? 1 / Math.Sqrt(hidden / heads) : 1) / (scaledByLayer ? i + 1 : 1),
                Dropout = attentionDropout,
            };
            var attentionNorm = layout.LayerNorm(name + ".ln_1", hidden, epsilon);
            var fused = layout.Conv1D(name + ".attn.c_attn", hidden, 3 * hidden);
            var attention = new SelfAttention(i, settings, new FusedQueryKeyValue(fused, settings), layout.Conv1D(name + ".attn.c_proj", hidden, hidden));
            var feedForwardNorm = layout.LayerNorm(name + ".ln_2", hidden, epsilon);
            var feedForward = new PlainFeedForward(
                layout.Conv1D(name + ".mlp.c_fc", hidden, intermediate),
                layout.Conv1D(name + ".mlp.c_proj", intermediate, hidden),
                activation);
            layers.Add(new PreNormLayer(attentionNorm, attention, feedForwardNorm, feedForward) { BranchDropout = branchDropout });
        }

        var norm = layout.LayerNorm("transformer.ln_f", hidden, epsilon);
        var backbone = new Decoder(tokens, layers, norm, new DecoderSettings { Positions = learntPositions, EmbeddingDropout = embeddingDropout });
        return new DecoderParts(backbone, tokens, hidden, vocabulary, positions);
    }

    private static int Either(ModelConfigFile config, string own, string common, int otherwise) =>
        config.SizeOrNull(own) ?? config.Size(common, otherwise);
}
