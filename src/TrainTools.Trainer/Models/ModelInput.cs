using TorchSharp;

namespace TrainTools.Trainer.Models;

/// <summary>What a model's forward pass takes. The caller owns the tensors.</summary>
public sealed record ModelInput
{
    /// <summary>Token ids [B, T], int64.</summary>
    public required torch.Tensor InputIds { get; init; }

    /// <summary>1 for a real token, 0 for padding, [B, T] int64; null = all real. Not used with <see cref="DocumentLengths"/>.</summary>
    public torch.Tensor? AttentionMask { get; init; }

    /// <summary>Positions [B, T] int64; null = 0..T-1 in each row, or restarting at each document where <see cref="DocumentLengths"/> is given.</summary>
    public torch.Tensor? PositionIds { get; init; }

    /// <summary>
    /// Padding-free rows: B = 1, and these lengths add up to T. Attention never crosses a document's border
    /// (it is computed per document). Null = ordinary rows.
    /// </summary>
    public IReadOnlyList<int>? DocumentLengths { get; init; }

    /// <summary>Segment ids [B, T] (BERT); null = zeros.</summary>
    public torch.Tensor? TokenTypeIds { get; init; }

    /// <summary>Keys and values of earlier positions, for generation; null = none.</summary>
    public KeyValueCache? Cache { get; init; }

    /// <summary>Whether dropout and NEFTune are on.</summary>
    public bool Training { get; init; }
}

/// <summary>Keys and values of the positions seen so far, one pair a layer; for generation with B = 1 or equal lengths.</summary>
public sealed class KeyValueCache : IDisposable
{
    private readonly Dictionary<int, (torch.Tensor Key, torch.Tensor Value)> layers = [];

    /// <summary>Positions held.</summary>
    public long Length { get; private set; }

    /// <summary>Appends a layer's new keys and values [B, kvHeads, T, headDim] and returns all of them. Copies are kept; the caller owns what it gets only until the next call.</summary>
    public (torch.Tensor Key, torch.Tensor Value) Append(int layer, torch.Tensor key, torch.Tensor value)
    {
        if (layers.TryGetValue(layer, out var old))
        {
            var k = torch.cat([old.Key, key], 2).DetachFromDisposeScope();
            var v = torch.cat([old.Value, value], 2).DetachFromDisposeScope();
            old.Key.Dispose();
            old.Value.Dispose();
            layers[layer] = (k, v);
        }
        else
        {
            layers[layer] = (key.detach().clone().DetachFromDisposeScope(), value.detach().clone().DetachFromDisposeScope());
        }

        return layers[layer];
    }

    /// <summary>Counts the positions of a finished forward pass.</summary>
    public void Advance(long positions) => Length += positions;

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (var (key, value) in layers.Values)
        {
            key.Dispose();
            value.Dispose();
        }

        layers.Clear();
    }
}
