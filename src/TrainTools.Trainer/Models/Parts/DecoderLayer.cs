using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>One layer of a model.</summary>
internal interface IModelLayer
{
    /// <summary>[B, T, H] → [B, T, H].</summary>
    Tensor Forward(Tensor hidden, ForwardContext context);
}

/// <summary>x + attention(norm(x)), then x + feed-forward(norm(x)): Llama and most since GPT-2.</summary>
internal sealed class PreNormLayer(INormLayer attentionNorm, SelfAttention attention, INormLayer feedForwardNorm, IFeedForward feedForward) : IModelLayer
{
    /// <summary>Dropout of each branch's output.</summary>
    public double BranchDropout { get; init; }

    public Tensor Forward(Tensor hidden, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        var attended = context.Dropout(attention.Forward(attentionNorm.Forward(hidden), context), BranchDropout);
        var middle = attended.add_(hidden);
        var fed = context.Dropout(feedForward.Forward(feedForwardNorm.Forward(middle), context), BranchDropout);
        return fed.add_(middle).MoveToOuterDisposeScope();
    }
}
