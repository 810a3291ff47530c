using TorchSharp;
using TrainTools.Trainer.Models.Parts.Compact;
using TrainTools.Trainer.Models.Parts.Fused;
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
    // Where the parts are Llama's, each branch's beginning (and the whole of the second) is one node of the graph.
    private readonly NormedProjections? projections = NormedProjections.For(attentionNorm, attention.Projection);
    private readonly GatedBranch? branch = GatedBranch.For(feedForwardNorm, feedForward);

    // A small one is one node altogether.
    private readonly CompactLayer? compact = CompactLayer.For(attentionNorm, attention, feedForwardNorm, feedForward);

    /// <summary>Dropout of each branch's output.</summary>
    public double BranchDropout { get; init; }

    /// <summary>Whether it can be one node.</summary>
    public bool IsCompact => compact is not null;

    public Tensor Forward(Tensor hidden, ForwardContext context)
    {
        if (compact?.Fits(hidden, context) == true && !(context.Training && BranchDropout > 0))
        {
            return compact.Forward(hidden, context);
        }

        using var scope = NewDisposeScope();
        var attended = context.Dropout(
            projections?.Fits(hidden, context.Training) == true ? attention.Forward(projections, hidden, context) : attention.Forward(attentionNorm.Forward(hidden), context),
            BranchDropout);
        var middle = attended.add_(hidden);
        if (branch?.Fits(middle, context.Training) == true && !(context.Training && BranchDropout > 0))
        {
            return branch.Forward(middle, context.Training, context.OneLayerAtATime).MoveToOuterDisposeScope();
        }

        var fed = context.Dropout(feedForward.Forward(feedForwardNorm.Forward(middle), context), BranchDropout);
        return fed.add_(middle).MoveToOuterDisposeScope();
    }
}

/// <summary>x + norm(attention(x)), then x + norm(feed-forward(x)): OLMo-2.</summary>
internal sealed class PostNormLayer(SelfAttention attention, INormLayer attentionNorm, IFeedForward feedForward, INormLayer feedForwardNorm) : IModelLayer
{
    public Tensor Forward(Tensor hidden, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        var middle = attentionNorm.Forward(attention.Forward(hidden, context)).add_(hidden);
        return feedForwardNorm.Forward(feedForward.Forward(middle, context)).add_(middle).MoveToOuterDisposeScope();
    }
}

/// <summary>A norm before and after each half: Gemma 2 and 3.</summary>
internal sealed class SandwichNormLayer(
    INormLayer beforeAttention,
    SelfAttention attention,
    INormLayer afterAttention,
    INormLayer beforeFeedForward,
    IFeedForward feedForward,
    INormLayer afterFeedForward) : IModelLayer
{
    public Tensor Forward(Tensor hidden, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        var middle = afterAttention.Forward(attention.Forward(beforeAttention.Forward(hidden), context)).add_(hidden);
        return afterFeedForward.Forward(feedForward.Forward(beforeFeedForward.Forward(middle), context)).add_(middle).MoveToOuterDisposeScope();
    }
}

/// <summary>x + attention(norm(x)) + feed-forward(norm(x)): GPT-NeoX.</summary>
internal sealed class ParallelLayer(INormLayer attentionNorm, SelfAttention attention, INormLayer feedForwardNorm, IFeedForward feedForward) : IModelLayer
{
    /// <summary>Dropout of each branch's output.</summary>
    public double BranchDropout { get; init; }

    public Tensor Forward(Tensor hidden, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        var attended = context.Dropout(attention.Forward(attentionNorm.Forward(hidden), context), BranchDropout);
        var fed = context.Dropout(feedForward.Forward(feedForwardNorm.Forward(hidden), context), BranchDropout);
        return fed.add_(attended).add_(hidden).MoveToOuterDisposeScope();
    }
}

/// <summary>norm(x + attention(x)), then norm(x + feed-forward(x)): BERT and its kin.</summary>
internal sealed class EncoderLayer(SelfAttention attention, INormLayer attentionNorm, IFeedForward feedForward, INormLayer feedForwardNorm) : IModelLayer
{
    /// <summary>Dropout of the attention's output.</summary>
    public double AttentionOutputDropout { get; init; }

    /// <summary>Dropout of the feed-forward's output.</summary>
    public double FeedForwardDropout { get; init; }

    public Tensor Forward(Tensor hidden, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        var attended = context.Dropout(attention.Forward(hidden, context), AttentionOutputDropout);
        var middle = attentionNorm.Forward(attended.add_(hidden));
        var fed = context.Dropout(feedForward.Forward(middle, context), FeedForwardDropout);
        return feedForwardNorm.Forward(fed.add_(middle)).MoveToOuterDisposeScope();
    }
}
