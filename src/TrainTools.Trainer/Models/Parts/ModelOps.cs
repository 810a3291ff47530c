using TorchSharp;
using TrainTools.Trainer.Backend;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>Operators the models need that TorchSharp does not bind, reached through one TorchScript unit.</summary>
internal static class ModelOps
{
    // A semantic error in this text ends the process instead of throwing: every function is called in a test.
    private const string Source = """
        def embedding(weight: Tensor, ids: Tensor, padding_idx: int) -> Tensor:
            return torch.embedding(weight, ids, padding_idx)

        def silu_backward(gradient: Tensor, x: Tensor) -> Tensor:
            return torch.silu_backward(gradient, x)

        """;

    private static readonly Lazy<jit.CompilationUnit> Unit = new(() =>
    {
        TorchBackend.Initialize();
        return jit.compile(Source);
    });

    /// <summary>Rows of a table. Ids outside it throw; the row of <paramref name="paddingIndex"/> gets no gradient (-1 = none).</summary>
    /// <param name="weight">[rows, size].</param>
    /// <param name="ids">[...], int64.</param>
    /// <param name="paddingIndex">Row without gradient, or -1.</param>
    /// <returns>[..., size].</returns>
    public static Tensor Embedding(Tensor weight, Tensor ids, long paddingIndex)
    {
        var result = Unit.Value.invoke<Tensor>("embedding", weight, ids, (int)paddingIndex);
        GC.KeepAlive(weight);
        GC.KeepAlive(ids);
        return result;
    }

    /// <summary>The gradient of silu's input, in one pass. No gradient flows through this itself.</summary>
    /// <param name="gradient">Gradient of the output.</param>
    /// <param name="input">silu's input.</param>
    public static Tensor SiluBackward(Tensor gradient, Tensor input)
    {
        var result = Unit.Value.invoke<Tensor>("silu_backward", gradient, input);
        GC.KeepAlive(gradient);
        GC.KeepAlive(input);
        return result;
    }
}
