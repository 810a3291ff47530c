using TorchSharp;
using TrainTools.Core.Errors;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>What a kernel needs to know of one block of queries and keys.</summary>
/// <param name="Causal">The kernel's own causal rule says it all.</param>
/// <param name="Seen">True where a query sees a key, broadcastable to [B, heads, queries, keys]; null = everywhere (or Causal).</param>
/// <param name="Blind">True for queries that see nothing (padding), [B, 1, queries, 1]; null where there are none.</param>
internal sealed record AttentionMask(bool Causal, Tensor? Seen = null, Tensor? Blind = null)
{
    /// <summary>Everything is seen.</summary>
    public static AttentionMask None { get; } = new(false);

    /// <summary>The kernel's own causal rule.</summary>
    public static AttentionMask KernelCausal { get; } = new(true);
}

/// <summary>
/// Who sees whom in one forward pass, worked out once from the input. Masks are built only where the kernel's own
/// causal rule is not enough, and none is ever larger than one document (or one row) squared.
/// </summary>
internal sealed class AttentionLayout
{
    private readonly Dictionary<(long Queries, long Keys, int Window), AttentionMask> masks = [];
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

    /// <summary>First token and length of what attends to itself alone: documents or rows.</summary>
    /// <param name="rows">B.</param>
    /// <param name="count">T.</param>
    public (int Start, int Length)[] Sequences(long rows, long count)
    {
        if (Documents is null)
        {
            return [.. Enumerable.Range(0, (int)rows).Select(i => (i * (int)count, (int)count))];
        }

        var sequences = new (int, int)[Documents.Length];
        var at = 0;
        for (var i = 0; i < sequences.Length; i++)
        {
            sequences[i] = (at, (int)Documents[i]);
            at += (int)Documents[i];
        }

        return sequences;
    }

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

    /// <summary>The mask of <paramref name="queries"/> × <paramref name="keys"/> for rows or one document, queries being the last of the keys.</summary>
    public AttentionMask Mask(long queries, long keys, int? window)
    {
        bool windowed = window < keys;
        if (!HasPadding && !windowed)
        {
            if (!Causal || queries == 1)
            {
                return AttentionMask.None;
            }

            if (queries == keys)
            {
                return AttentionMask.KernelCausal;
            }
        }

        var key = (queries, keys, windowed ? window!.Value : 0);
        if (!masks.TryGetValue(key, out var mask))
        {
            masks[key] = mask = Build(queries, keys, windowed ? window : null);
        }

        return mask;
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

        return real.MoveToOuterDisposeScope();
    }

    private AttentionMask Build(long queries, long keys, int? window)
    {
        using var scope = NewDisposeScope();
        Tensor? seen = null;
        if (Causal || window is not null)
        {
            var q = arange(keys - queries, keys, ScalarType.Int64, device).unsqueeze(1);
            var k = arange(keys, ScalarType.Int64, device).unsqueeze(0);
            seen = Causal ? k.le(q) : k.sub(q).lt(window!.Value);
            if (window is { } w)
            {
                seen = seen.logical_and_(k.gt(q.sub(w)));
            }
        }

        if (realKeys is null)
        {
            return new AttentionMask(false, keep(seen!));
        }

        // Padding is a matter of rows: documents have none, so the keys are those of the whole row.
        var real = realKeys.unsqueeze(1).unsqueeze(1);
        seen = seen is null ? real.alias() : seen.logical_and(real);
        var blind = seen.any(-1, keepdim: true).logical_not();
        return new AttentionMask(false, keep(seen), blind.any().item<bool>() ? keep(blind) : null);
    }

    private static TrainToolsException Invalid(string what) =>
        new(ErrorIds.ModelInputInvalid, ErrorKind.InvalidArgument, $"The model's input does not fit: {what}.");
}
