using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>Which numbers dropout lets through. The survivors' factor belongs to whoever asks.</summary>
internal abstract class DropoutMask
{
    /// <summary>input ⊙ mask, a new tensor.</summary>
    /// <param name="input">[N, in].</param>
    public abstract Tensor Applied(Tensor input);

    /// <summary>target += product ⊙ mask.</summary>
    /// <param name="target">[N, in].</param>
    /// <param name="product">[N, in]; it may be changed.</param>
    public abstract void AddApplied(Tensor target, Tensor product);

    /// <summary>The same of some of the rows.</summary>
    public abstract DropoutMask Rows(long start, long count);

    /// <summary>Bool [N, in], true where a number survives.</summary>
    /// <param name="rows">N.</param>
    public abstract Tensor AsTensor(long rows);
}

/// <summary>A mask that was drawn and is kept.</summary>
/// <param name="kept">Bool [N, in].</param>
internal sealed class DrawnMask(Tensor kept) : DropoutMask
{
    /// <summary>The mask.</summary>
    public Tensor Kept { get; } = kept;

    public override Tensor Applied(Tensor input) => input.mul(Kept);

    public override void AddApplied(Tensor target, Tensor product) => target.add_(product.mul_(Kept));

    public override DropoutMask Rows(long start, long count) => new DrawnMask(Kept.narrow(0, start, count));

    public override Tensor AsTensor(long rows) => Kept;
}
