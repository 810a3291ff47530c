using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models;

/// <summary>
/// Keys and values of the positions seen so far, one pair a layer, for generation. Room grows by doubling, so that a
/// new token costs its own copy and not everyone's. Use it without gradients; one forward pass appends to every layer,
/// then counts its positions once.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    private const long FirstRoom = 64;
    private readonly Dictionary<int, (Tensor Key, Tensor Value)> layers = [];

    /// <summary>Positions held.</summary>
    public long Length { get; private set; }

    /// <summary>
    /// Appends a layer's new keys and values [B, kvHeads, T, headDim] and returns views of all of them, good until the next call.
    /// </summary>
    public (Tensor Key, Tensor Value) Append(int layer, Tensor key, Tensor value)
    {
        using var noGrad = no_grad();
        long count = key.shape[2];
        long needed = Length + count;
        if (!layers.TryGetValue(layer, out var held) || held.Key.shape[2] < needed)
        {
            held = Grow(layer, key, value, needed);
        }

        using var scope = NewDisposeScope();
        held.Key.narrow(2, Length, count).copy_(key);
        held.Value.narrow(2, Length, count).copy_(value);
        return (
            held.Key.narrow(2, 0, needed).MoveToOuterDisposeScope(),
            held.Value.narrow(2, 0, needed).MoveToOuterDisposeScope());
    }

    /// <summary>Counts the positions of a finished forward pass.</summary>
    public void Advance(long positions) => Length += positions;

    /// <summary>Forgets everything after the first positions (a prompt shared by several answers).</summary>
    public void Truncate(long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

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

    private (Tensor Key, Tensor Value) Grow(int layer, Tensor key, Tensor value, long needed)
    {
        bool had = layers.TryGetValue(layer, out var old);
        long room = Math.Max(needed, had ? 2 * old.Key.shape[2] : FirstRoom);
        var grown = (Room(key, room), Room(value, room));
        if (had)
        {
            using var scope = NewDisposeScope();
            grown.Item1.narrow(2, 0, Length).copy_(old.Key.narrow(2, 0, Length));
            grown.Item2.narrow(2, 0, Length).copy_(old.Value.narrow(2, 0, Length));
            old.Key.Dispose();
            old.Value.Dispose();
        }

        return layers[layer] = grown;
    }

    private static Tensor Room(Tensor like, long room) =>
        empty([like.shape[0], like.shape[1], room, like.shape[3]], like.dtype, like.device).DetachFromDisposeScope();
}
