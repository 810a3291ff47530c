using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Models.Families;

/// <summary>Phi-3: q, k and v in one projection, gate and up in one, part of each head rotated, dropout of both branches.</summary>
internal sealed class Phi3Family : DecoderFamily
{
    private static readonly DecoderSizes DefaultSizes = new()
    {
        Vocabulary = 32064, Hidden = 3072, Intermediate = 8192, Layers = 32, Heads = 32, MaxPositions = 4096,
    };

    // Early checkpoints wrote su or yarn for what became longrope.
    private static readonly RotaryDefaults Rotary = new()
    {
        PartialKey = "partial_rotary_factor",
        OriginalMaxPositions = 4096,
        Renamed = new Dictionary<string, string> { ["su"] = "longrope", ["yarn"] = "longrope" },
    };

    /// <inheritdoc/>
    public override string ModelType => "phi3";

    /// <inheritdoc/>
    public override string ClassPrefix => "Phi3";

    /// <inheritdoc/>
    protected override DecoderParts LayOutBase(ModelConfigFile config, ModelLayout layout, PretrainedModelOptions options)
    {
        var sizes = DefaultSizes.Read(config);
        double epsilon = config.Number("rms_norm_eps", 1e-5);
        double branchDropout = Share(config, options.HiddenDropout, "resid_pdrop");
        var activation = Activation(config, "hidden_act", "silu");
        var rotary = layout.Own(new RotaryEmbedding(RotarySettings.Read(config, sizes.HeadDim, sizes.MaxPositions, Rotary)));
        int? window = config.IntegerOrNull("sliding_window");
        LayerTypes.Windows(config, [window is not null], window);
        var settings = new AttentionSettings
        {
            Heads = sizes.Heads,
            KeyValueHeads = sizes.KeyValueHeads,
            HeadDim = sizes.HeadDim,
            Scale = 1 / Math.Sqrt(sizes.HeadDim),
            Window = window,
            Dropout = Share(config, options.AttentionDropout, "attention_dropout"),
        };

        return DecoderBlocks.Model(layout, sizes, config.IntegerOr("pad_token_id", 32000), LayOutLayer, n => layout.RmsNorm(n, sizes.Hidden, epsilon));

        IModelLayer LayOutLayer(int i, string name)
        {
            var output = layout.Linear(name + ".self_attn.o_proj", sizes.Heads * sizes.HeadDim, sizes.Hidden, bias: false);
            var fused = layout.Linear(name + ".self_attn.qkv_proj", sizes.Hidden, (sizes.Heads + (2 * sizes.KeyValueHeads)) * sizes.HeadDim, bias: false);
            var attention = new SelfAttention(i, settings, new FusedQueryKeyValue(fused, settings), output) { Rotary = rotary };
            var feedForward = new FusedGatedFeedForward(
                layout.Linear(name + ".mlp.gate_up_proj", sizes.Hidden, 2 * sizes.Intermediate, bias: false),
                layout.Linear(name + ".mlp.down_proj", sizes.Intermediate, sizes.Hidden, bias: false),
                activation);
            var attentionNorm = layout.RmsNorm(name + ".input_layernorm", sizes.Hidden, epsilon);
            var feedForwardNorm = layout.RmsNorm(name + ".post_attention_layernorm", sizes.Hidden, epsilon);
            return new PreNormLayer(attentionNorm, attention, feedForwardNorm, feedForward) { BranchDropout = branchDropout };
        }
    }
}
