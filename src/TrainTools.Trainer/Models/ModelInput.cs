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
