using TorchSharp;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Models.Families;

/// <summary>Lays out the halves of a layer that Llama's descendants share, in the order of their modules.</summary>
internal static class DecoderBlocks
{
    /// <summary>q_proj, k_proj, v_proj and o_proj.</summary>
    public static (IQueryKeyValue Projection, LinearLayer Output) Projections(ModelLayout layout, string name, DecoderSizes sizes, AttentionSettings attention, bool inputBias, bool outputBias)
    {
        var projection = new SeparateQueryKeyValue(
            layout.Linear(name + ".q_proj", sizes.Hidden, sizes.Heads * sizes.HeadDim, inputBias),
            layout.Linear(name + ".k_proj", sizes.Hidden, sizes.KeyValueHeads * sizes.HeadDim, inputBias),
            layout.Linear(name + ".v_proj", sizes.Hidden, sizes.KeyValueHeads * sizes.HeadDim, inputBias),
            attention);
        return (projection, layout.Linear(name + ".o_proj", sizes.Heads * sizes.HeadDim, sizes.Hidden, outputBias));
    }

    /// <summary>gate_proj, up_proj and down_proj.</summary>
    public static GatedFeedForward FeedForward(ModelLayout layout, string name, DecoderSizes sizes, bool bias, Func<torch.Tensor, torch.Tensor> activation) => new(
        layout.Linear(name + ".gate_proj", sizes.Hidden, sizes.Intermediate, bias),
        layout.Linear(name + ".up_proj", sizes.Hidden, sizes.Intermediate, bias),
        layout.Linear(name + ".down_proj", sizes.Intermediate, sizes.Hidden, bias),
        activation);

    /// <summary>A model of layers under model.layers, between model.embed_tokens and model.norm.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="sizes">Sizes.</param>
    /// <param name="paddingIndex">The embedding's row without gradient.</param>
    /// <param name="layer">Lays out the layer of that number and name.</param>
    /// <param name="lastNorm">Lays out the norm of that name.</param>
    /// <param name="settings">What the decoder does around its layers.</param>
    public static DecoderParts Model(
        ModelLayout layout,
        DecoderSizes sizes,
        int? paddingIndex,
        Func<int, string, IModelLayer> layer,
        Func<string, INormLayer> lastNorm,
        DecoderSettings? settings = null)
    {
        var tokens = layout.Embedding("model.embed_tokens", sizes.Vocabulary, sizes.Hidden, paddingIndex);
        var layers = new List<IModelLayer>();
        for (int i = 0; i < sizes.Layers; i++)
        {
            layers.Add(layer(i, $"model.layers.{i}"));
        }

        var backbone = new Decoder(tokens, layers, lastNorm("model.norm"), settings);
        return new DecoderParts(backbone, tokens, sizes.Hidden, sizes.Vocabulary, sizes.MaxPositions);
    }
}
