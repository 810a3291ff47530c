using TorchSharp;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Export;

/// <summary>Rows of tokens, the same for every model of a vocabulary, and the logits that a model gives for them.</summary>
internal sealed class LogitProbe(PretrainedModel model) : IDisposable
{
    private const int Rows = 4;
    private const int Columns = 32;

    private readonly Tensor ids = Make(model);

    /// <summary>float32 on the CPU, [4, T, V] or [4, labels]; owned by the caller.</summary>
    public Tensor Logits(PretrainedModel model)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var input = new ModelInput { InputIds = ids, AttentionMask = ones_like(ids) };
        var logits = model switch
        {
            CausalLanguageModel m => m.Logits(m.HiddenStates(input)),
            MaskedLanguageModel m => m.Logits(m.HiddenStates(input)),
            TokenClassifier m => m.Logits(input),
            SequenceClassifier m => m.Logits(input),
            _ => throw new NotSupportedException(model.GetType().Name),
        };
        return logits.to_type(ScalarType.Float32).cpu().MoveToOuterDisposeScope();
    }

    /// <summary>Greatest difference as a share of the greatest magnitude, and the share of positions with the same greatest logit.</summary>
    public static (double Difference, double Agreement) Compare(Tensor before, Tensor after)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var difference = before.sub(after).abs().max().ToDouble() / Math.Max(before.abs().max().ToDouble(), 1e-30);
        var agreement = before.argmax(-1).eq(after.argmax(-1)).to_type(ScalarType.Float64).mean().ToDouble();
        return (double.IsFinite(difference) ? difference : double.PositiveInfinity, agreement);
    }

    public void Dispose() => ids.Dispose();

    private static Tensor Make(PretrainedModel model)
    {
        using var generator = new Generator(0);
        var length = Math.Min(Columns, model.MaxPositions ?? Columns);
        return randint(0, model.VocabularySize, [Rows, length], ScalarType.Int64, generator: generator).to(model.Device).DetachFromDisposeScope();
    }
}
