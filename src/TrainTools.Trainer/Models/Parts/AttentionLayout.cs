using TorchSharp;
using TrainTools.Core.Errors;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>
/// Who sees whom in one forward pass, worked out once from the input. Masks are built only where the kernel's own
/// causal rule is not enough, and none is ever larger than one document (or one row) squared. A query that would see
/// nothing (padding) sees itself, so that no row of scores is empty and nothing becomes NaN.
/// </summary>
internal sealed class AttentionLayout
{
    private readonly Dictionary<(long Queries, long Keys, int Window), Tensor> masks = [];
    private readonly Tensor? realKeys;
    private readonly Device device;
    private readonly Func<Tensor, Tensor> keep;

    private AttentionLayout(bool causal, long[]? documents, Tensor? realKeys, long past, Device device, Func<Tensor, Tensor> keep)
    {
        this.keep = keep;
        Causal = causal;
        Documents = documents;
        this.realKeys = realKeys;
        Past = past;
        this.device = device;
    }

    /// <summary>Whether later positions are hidden.</summary>
    public bool Causal { get; }

    /// <summary>Lengths of the documents of a padding-free row; null = ordinary rows.</summary>
    public long[]? Documents { get; }

    /// <summary>Whether some keys are padding that the causal rule does not hide.</summary>
    public bool HasPadding => realKeys is not null;

    /// <summary>Positions held in the cache.</summary>
    public long Past { get; }

    /// <summary>Reads an input. Errors: ModelInputInvalid.</summary>
    /// <param name="input">The input.</param>
    /// <param name="causal">Whether later positions are hidden.</param>
    /// <param name="keep">Moves a mask to the scope of the forward pass.</param>
    public static AttentionLayout For(ModelInput input, bool causal, Func<Tensor, Tensor> keep)
    {
        var shape = input.InputIds.shape;
        if (shape.Length != 2)
        {
            throw Invalid($"input_ids must be [B, T], and they have {shape.Length} dimensions");
        }

        long past = input.Cache?.Length ?? 0;
        if (input.DocumentLengths is { } lengths)
        {
            if (shape[0] != 1 || lengths.Sum(l => (long)l) != shape[1] || lengths.Any(l => l < 1) || past > 0)
            {
                throw Invalid($"document lengths ({lengths.Count}, together {lengths.Sum(l => (long)l)}) need one row of exactly that many tokens and no cache; input_ids are [{shape[0]}, {shape[1]}]");
            }

            return new AttentionLayout(causal, lengths.Count == 1 ? null : lengths.Select(l => (long)l).ToArray(), null, 0, input.InputIds.device, keep);
        }

        return new AttentionLayout(causal, null, RealKeys(input, causal, past), past, input.InputIds.device, keep);
    }

    /// <summary>
    /// The mask of <paramref name="queries"/> × <paramref name="keys"/> for rows or one document: a bool tensor
    /// (true = seen) broadcastable to [B, heads, queries, keys], or none where Causal says it all.
    /// </summary>
    public (Tensor? Mask, bool Causal) Mask(long queries, long keys, int? window)
    {
        bool windowed = window < keys;
        if (!HasPadding && !windowed)
        {
            if (!Causal || queries == 1)
            {
                return (null, false);
            }

            if (queries == keys)
            {
                return (null, true);
            }
        }

        var key = (queries, keys, windowed ? window!.Value : 0);
        if (!masks.TryGetValue(key, out var mask))
        {
            masks[key] = mask = keep(Build(queries, keys, windowed ? window : null));
        }

        return (mask, false);
    }

    /// <summary>Rows of the batch that are padded, as bool [B, keys]; null where every key is real or hidden anyway.</summary>
    private static Tensor? RealKeys(ModelInput input, bool causal, long past)
    {
        if (input.AttentionMask is not { } mask)
        {
            return null;
        }

        long keys = past + input.InputIds.shape[1];
        if (mask.shape.Length != 2 || mask.shape[0] != input.InputIds.shape[0] || mask.shape[1] != keys)
        {
            throw Invalid($"the attention mask must be [{input.InputIds.shape[0]}, {keys}], and it is [{string.Join(", ", mask.shape)}]");
        }

        using var scope = NewDisposeScope();
        var real = mask.ne(0);
        if (causal && past == 0)
        {
            // Padding on the right lies behind every real token: the causal rule hides it already.
            bool rightPadded = keys == 1 || real.narrow(1, 1, keys - 1).logical_and(real.narrow(1, 0, keys - 1).logical_not()).any().logical_not().item<bool>();
            return rightPadded ? null : real.MoveToOuterDisposeScope();
        }

        if (real.all().item<bool>())
        {
            return null;
        }

        // A row without any real token sees everything: its output is meaningless, but a number.
        return causal ? real.MoveToOuterDisposeScope() : real.logical_or(real.any(1, keepdim: true).logical_not()).MoveToOuterDisposeScope();
    }

    private Tensor Build(long queries, long keys, int? window)
    {
        if (!Causal && window is null)
        {
            return realKeys!.unsqueeze(1).unsqueeze(1);
        }

        using var scope = NewDisposeScope();
        var q = arange(keys - queries, keys, ScalarType.Int64, device).unsqueeze(1);
        var k = arange(keys, ScalarType.Int64, device).unsqueeze(0);
        var seen = Causal ? k.le(q) : k.sub(q).lt(window!.Value);
        if (window is { } w)
        {
            seen = seen.logical_and_(k.gt(q.sub(w)));
        }

        if (realKeys is not null)
        {
            // Rows only: a document's own part has no padding.
            seen = realKeys.narrow(1, realKeys.shape[1] - keys, keys).unsqueeze(1).unsqueeze(1).logical_and(seen).logical_or_(k.eq(q));
        }

        return seen.MoveToOuterDisposeScope();
    }

    private static TrainToolsException Invalid(string what) =>
        new(ErrorIds.ModelInputInvalid, ErrorKind.InvalidArgument, $"The model's input does not fit: {what}.");
}
