using TorchSharp;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>
/// A whole layer of Llama's kind as one node of the graph, computed by kernels written here: for models so small that a
/// layer's few dozen operators cost more than their arithmetic. x + attention(norm(x)), then x + feed-forward(norm(x)), on the
/// CPU in float32, in training, without adapters, dropout or padding on the left. Anything else goes the general way; so does
/// inference, whose figures are then the same with an adapter that does nothing and without one. Forward and backward pass are
/// loops over tokens and over heads that all threads share; no sum depends on how they share them.
/// </summary>
internal sealed class CompactLayer
{
    /// <summary>Widest hidden state: up to here the products written here keep up with libtorch's, beyond it its operators' cost is lost in their work.</summary>
    public const int LargestHidden = 256;

    private readonly SelfAttention attention;

    /// <summary>Whether models may go this way at all; off to compare it with the general one.</summary>
    internal static bool Allowed { get; set; } = true;

    private CompactLayer(RmsNormLayer firstNorm, SelfAttention attention, SeparateQueryKeyValue projection, RmsNormLayer secondNorm, (LinearLayer Gate, LinearLayer Up, LinearLayer Down) feedForward)
    {
        this.attention = attention;
        (FirstNorm, SecondNorm) = (firstNorm, secondNorm);
        (Query, Key, Value) = projection.Layers;
        Output = attention.Output;
        (Gate, Up, Down) = feedForward;
        var settings = attention.Settings;
        Sizes = new CompactSizes((int)Query.InFeatures, settings.Heads, settings.KeyValueHeads, settings.HeadDim, (int)Gate.OutFeatures);
    }

    /// <summary>Sizes.</summary>
    public CompactSizes Sizes { get; }

    /// <summary>Factor of the scores.</summary>
    public float ScoreFactor => (float)attention.Settings.Scale;

    public RmsNormLayer FirstNorm { get; }

    public LinearLayer Query { get; }

    public LinearLayer Key { get; }

    public LinearLayer Value { get; }

    public LinearLayer Output { get; }

    public RmsNormLayer SecondNorm { get; }

    public LinearLayer Gate { get; }

    public LinearLayer Up { get; }

    public LinearLayer Down { get; }

    private IEnumerable<LinearLayer> Linears => [Query, Key, Value, Output, Gate, Up, Down];

    /// <summary>The layer of these parts; null where they are of another kind or too large.</summary>
    public static CompactLayer? For(INormLayer attentionNorm, SelfAttention attention, INormLayer feedForwardNorm, IFeedForward feedForward) =>
        attentionNorm is RmsNormLayer { Style: not RmsNormStyle.OffsetThenCast } first
        && feedForwardNorm is RmsNormLayer { Style: not RmsNormStyle.OffsetThenCast } second
        && attention is { Projection: SeparateQueryKeyValue projection, Norms: null, Settings.SoftCap: null }
        && feedForward is GatedFeedForward { Silu: { } layers }
        && projection.Layers.Query.InFeatures <= LargestHidden
            ? new CompactLayer(first, attention, projection, second, layers) : null;

    /// <summary>Whether this input can go this way now.</summary>
    public bool Fits(Tensor hidden, ForwardContext context) =>
        Allowed && context.Training && hidden.dtype == ScalarType.Float32 && hidden.device_type == DeviceType.CPU
        && (hidden.requires_grad || !is_grad_enabled())
        && AttentionKernel.PlainCausal(hidden.shape[0], hidden.shape[1], attention.Settings, context) is not null
        && FirstNorm.Weight.Value.dtype == ScalarType.Float32 && SecondNorm.Weight.Value.dtype == ScalarType.Float32
        && Linears.All(l => LinearKernel.IsPlain(l) && l.Weight.Value.dtype == ScalarType.Float32);

    /// <summary>[B, T, H] → [B, T, H].</summary>
    public Tensor Forward(Tensor hidden, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        var contiguous = hidden.is_contiguous() ? hidden : hidden.contiguous();
        var rotary = attention.Rotary is { } embedding ? context.Rotary(embedding) : null;
        if (rotary is not null && is_grad_enabled())
        {
            // Until the backward pass, however long the forward pass's own are there.
            rotary = new RotaryTables(rotary.Cos.alias().DetachFromDisposeScope(), rotary.SignedSin.alias().DetachFromDisposeScope());
        }

        var pass = new CompactPass(this, context.Layout.Sequences(hidden.shape[0], hidden.shape[1]), hidden.shape[1], rotary);
        if (is_grad_enabled())
        {
            return Node.Apply(contiguous, pass).MoveToOuterDisposeScope();
        }

        var (output, kept) = pass.Forward(contiguous);
        kept.Dispose();
        return output.MoveToOuterDisposeScope();
    }

    /// <summary>What backward needs. The tensors belong to no scope: they go as soon as they have been used, or with the graph.</summary>
    private sealed record Kept(CompactPass Pass, Tensor Input, Tensor Memory);

    private sealed class Node : autograd.SingleTensorFunction<Node>
    {
        public override string Name => nameof(CompactLayer);

        public static Tensor Apply(Tensor hidden, CompactPass pass) => apply(hidden, pass);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, pass) = ((Tensor)vars[0], (CompactPass)vars[1]);
            var (output, memory) = pass.Forward(x);
            ctx.set_materialize_grads(false);
            ctx.save_data("kept", new Kept(pass, x.detach().DetachFromDisposeScope(), memory.DetachFromDisposeScope()));
            return output;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(2, () =>
        {
            using var scope = NewDisposeScope();
            var kept = (Kept)ctx.get_data("kept");
            var input = kept.Pass.Backward(grad_output.is_contiguous() ? grad_output : grad_output.contiguous(), kept.Input, kept.Memory);
            kept.Input.Dispose();
            kept.Memory.Dispose();
            kept.Pass.Forget();
            return [input.MoveToOuterDisposeScope(), null!];
        });
    }
}
