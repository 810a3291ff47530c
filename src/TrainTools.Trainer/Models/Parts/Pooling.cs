using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>One hidden state for each text.</summary>
internal static class Pooling
{
    /// <summary>The last real token's: [B, T, H] → [B, H], or [documents, H] for a padding-free row.</summary>
    public static Tensor Last(Tensor hidden, ModelInput input)
    {
        if (input.DocumentLengths is { } lengths)
        {
            return AtDocuments(hidden, lengths, last: true);
        }

        long count = hidden.shape[1];
        if (input.AttentionMask is not { } mask)
        {
            return hidden.select(1, count - 1);
        }

        var places = mask.ne(0).to_type(ScalarType.Int64).mul(arange(count, ScalarType.Int64, mask.device)).argmax(-1);
        var rows = arange(hidden.shape[0], ScalarType.Int64, hidden.device).mul(count).add(places);
        return hidden.flatten(0, 1).index_select(0, rows);
    }

    /// <summary>The first token's: [B, T, H] → [B, H], or [documents, H] for a padding-free row.</summary>
    public static Tensor First(Tensor hidden, ModelInput input) =>
        input.DocumentLengths is { } lengths ? AtDocuments(hidden, lengths, last: false) : hidden.select(1, 0);

    /// <summary>Dropout in training.</summary>
    public static Tensor Dropout(Tensor hidden, double share, bool training) =>
        training && share > 0 ? nn.functional.dropout(hidden, share, training: true) : hidden;

    private static Tensor AtDocuments(Tensor hidden, IReadOnlyList<int> lengths, bool last)
    {
        long[] places = new long[lengths.Count];
        long start = 0;
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = last ? start + lengths[i] - 1 : start;
            start += lengths[i];
        }

        return hidden.select(0, 0).index_select(0, tensor(places, device: hidden.device));
    }
}
