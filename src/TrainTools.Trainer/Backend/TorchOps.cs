using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Backend;

/// <summary>
/// ATen operators that TorchSharp does not bind, reached through one small TorchScript unit. The script is compiled on
/// first use (0.1 s); a call costs some 20 µs more than a bound operator, so it pays where it replaces several
/// (bench/Operators). Gradients flow through <see cref="RmsNorm"/> and <see cref="Attention"/> as through any operator;
/// the in-place ones are for use under <see cref="torch.no_grad"/>. Results belong to the caller's scope.
/// </summary>
public static class TorchOps
{
    // A semantic error in this text ends the process instead of throwing: every function is called in a test.
    // The last line needs its line end: the parser takes an expression at the end of the text for an assignment.
    // Function bodies hold one operator each, so that the script's own optimiser finds nothing to rewrite.
    private const string Source = """
        def rms_norm(x: Tensor, width: int, weight: Optional[Tensor], eps: float) -> Tensor:
            return torch.rms_norm(x, [width], weight, eps)

        def attention(q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], dropout: float, causal: bool, scale: float, gqa: bool) -> Tensor:
            return torch.scaled_dot_product_attention(q, k, v, mask, dropout, causal, scale=scale, enable_gqa=gqa)

        def fused_adamw(p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor],
                        lr: float, beta1: float, beta2: float, decay: float, eps: float, grad_scale: Optional[Tensor]):
            none: List[Tensor] = []
            torch._foreach_add_(steps, 1)
            torch._fused_adamw_(p, g, m, v, none, steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, eps=eps,
                                amsgrad=False, maximize=False, grad_scale=grad_scale, found_inf=None)

        def norms(x: List[Tensor]) -> List[Tensor]:
            return torch._foreach_norm(x, 2.0)

        def global_norm(x: List[Tensor]) -> Tensor:
            return torch.linalg_vector_norm(torch.stack(torch._foreach_norm(x, 2.0)))

        def multiply(x: List[Tensor], factor: Tensor):
            torch._foreach_mul_(x, factor)

        def zero(x: List[Tensor]):
            torch._foreach_zero_(x)

        def add(x: List[Tensor], y: List[Tensor], alpha: float):
            torch._foreach_add_(x, y, alpha=alpha)

        def copy(x: List[Tensor], y: List[Tensor]):
            torch._foreach_copy_(x, y)

        """;

    private static readonly Lazy<jit.CompilationUnit> Unit = new(() =>
    {
        TorchBackend.Initialize();
        return jit.compile(Source);
    });

    /// <summary>
    /// x / sqrt(mean(x²) + eps) · weight over the last dimension. One kernel on CUDA; on the CPU libtorch composes it: quicker
    /// than the formula without gradients, slower with them (bench/Operators).
    /// </summary>
    /// <param name="input">[…, H].</param>
    /// <param name="weight">[H] in the input's dtype, or null for none.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <returns>[…, H] in the input's dtype.</returns>
    public static Tensor RmsNorm(Tensor input, Tensor? weight, double epsilon)
    {
        ArgumentNullException.ThrowIfNull(input);
        return (Tensor)Call("rms_norm", input, (int)input.shape[^1], weight, epsilon)!;
    }

    /// <summary>softmax(q·kᵀ·scale + mask)·v by the fastest kernel libtorch has for these inputs.</summary>
    /// <param name="query">[B, heads, T, D].</param>
    /// <param name="key">[B, kvHeads, S, D].</param>
    /// <param name="value">[B, kvHeads, S, D].</param>
    /// <param name="mask">Broadcastable to [B, heads, T, S]: bool (true = attend) or an addend in the query's dtype; null = none. Not with <paramref name="causal"/>.</param>
    /// <param name="scale">Factor of the scores; null = 1/sqrt(D).</param>
    /// <param name="causal">Query i sees keys 0..i (counted from the start, also where T and S differ).</param>
    /// <param name="dropout">Share of attention weights dropped.</param>
    /// <returns>[B, heads, T, D]. Heads that are a multiple of kvHeads share keys and values in groups.</returns>
    public static Tensor Attention(Tensor query, Tensor key, Tensor value, Tensor? mask = null, double? scale = null, bool causal = false, double dropout = 0)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(key);
        var (grouped, usual) = (query.size(1) != key.size(1), 1 / Math.Sqrt(query.size(-1)));
        return grouped || (scale ?? usual) != usual
            ? (Tensor)Call("attention", query, key, value, mask, dropout, causal, scale ?? usual, grouped)!
            : nn.functional.scaled_dot_product_attention(query, key, value, mask, dropout, causal); // the same operator, bound
    }

    /// <summary>
    /// One AdamW step on many tensors at once: decoupled weight decay, bias correction, all in place in one pass over
    /// memory and without temporaries. The lists run in parallel; each tensor of <paramref name="steps"/> is a float32
    /// scalar that counts the updates of its parameter, and is incremented first.
    /// </summary>
    /// <param name="parameters">Parameters; moments have their dtype and shape.</param>
    /// <param name="gradients">Gradients.</param>
    /// <param name="firstMoments">Running means of the gradient.</param>
    /// <param name="secondMoments">Running means of its square.</param>
    /// <param name="steps">Update counts, each on its parameter's device (CPU: on the CPU).</param>
    /// <param name="learningRate">Learning rate of this update.</param>
    /// <param name="beta1">Decay rate of the first moment.</param>
    /// <param name="beta2">Decay rate of the second moment.</param>
    /// <param name="weightDecay">Decoupled weight decay.</param>
    /// <param name="epsilon">Added to the root of the second moment.</param>
    /// <param name="gradientDivisor">
    /// Float32 scalar that the gradients are divided by within the same pass (the divided values are written back to them);
    /// clipping without a pass of its own. Null = none.
    /// </param>
    public static void FusedAdamW(
        Tensor[] parameters, Tensor[] gradients, Tensor[] firstMoments, Tensor[] secondMoments, Tensor[] steps,
        double learningRate, double beta1, double beta2, double weightDecay, double epsilon, Tensor? gradientDivisor = null) =>
        Call("fused_adamw", parameters, gradients, firstMoments, secondMoments, steps, learningRate, beta1, beta2, weightDecay, epsilon, gradientDivisor);

    /// <summary>L2 norm of each tensor, as scalar tensors.</summary>
    public static Tensor[] Norms(Tensor[] tensors) => (Tensor[])Call("norms", (object)tensors)!;

    /// <summary>L2 norm of all tensors together, as one scalar tensor. At least one tensor, all on one device.</summary>
    public static Tensor GlobalNorm(Tensor[] tensors) => (Tensor)Call("global_norm", (object)tensors)!;

    /// <summary>Multiplies every tensor by a scalar tensor, in place.</summary>
    public static void Multiply(Tensor[] tensors, Tensor factor) => Call("multiply", tensors, factor);

    /// <summary>Sets every tensor to zero, in place.</summary>
    public static void Zero(Tensor[] tensors) => Call("zero", (object)tensors);

    /// <summary>tensors[i] += alpha · addends[i], in place.</summary>
    public static void Add(Tensor[] tensors, Tensor[] addends, double alpha = 1) => Call("add", tensors, addends, alpha);

    /// <summary>Copies sources[i] into tensors[i], casting where the dtypes differ.</summary>
    public static void Copy(Tensor[] tensors, Tensor[] sources) => Call("copy", tensors, sources);

    private static object? Call(string name, params object?[] arguments)
    {
        // TorchSharp reads the native handles of scalars and lets go of the objects before it calls: a number would be
        // wrapped in an object that may be finalised in between. So numbers are wrapped here and kept until after the call.
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = arguments[i] is double number ? (Scalar)number : arguments[i];
        }

        var result = Unit.Value.invoke(name, arguments);
        foreach (var argument in arguments)
        {
            (argument as Scalar)?.Dispose();
        }

        GC.KeepAlive(arguments);
        return result;
    }
}
