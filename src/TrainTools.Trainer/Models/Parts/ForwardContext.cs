using TorchSharp;
using TrainTools.Core.Errors;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>
/// What the layers of one forward pass share. Its tensors belong to the scope it was made in, however deep the layer
/// that first asks for one: a layer computed again in the backward pass finds them still there.
/// </summary>
internal sealed class ForwardContext
{
    private readonly Dictionary<RotaryEmbedding, RotaryTables> rotary = [];
    private readonly Tensor anchor;
    private readonly Tensor? positions;
    private readonly long length;

    public ForwardContext(ModelInput input, bool causal, ScalarType dtype)
    {
        Input = input;
        Dtype = dtype;
        anchor = input.InputIds.alias();
        Layout = AttentionLayout.For(input, causal, Keep);
        (positions, length) = ReadPositions(input);
    }

    /// <summary>The input.</summary>
    public ModelInput Input { get; }

    /// <summary>Type of the computation.</summary>
    public ScalarType Dtype { get; }

    /// <summary>Who sees whom.</summary>
    public AttentionLayout Layout { get; }

    /// <summary>Whether dropout is on.</summary>
    public bool Training => Input.Training;

    /// <summary>Whether each layer's backward pass follows its forward pass, so that one layer's activations exist at a time.</summary>
    public bool OneLayerAtATime { get; init; }

    /// <summary>Rotary tables for this pass, made at the first layer that asks.</summary>
    public RotaryTables Rotary(RotaryEmbedding embedding)
    {
        if (!rotary.TryGetValue(embedding, out var tables))
        {
            var made = embedding.Tables(length, Layout.Past, positions, Dtype, Input.InputIds.device);
            rotary[embedding] = tables = new RotaryTables(Keep(made.Cos), Keep(made.SignedSin));
        }

        return tables;
    }

    /// <summary>Positions of every token, [1 or B, T] int64, for tables of learnt positions.</summary>
    public Tensor Positions() =>
        positions ?? arange(Layout.Past, length, ScalarType.Int64, Input.InputIds.device).unsqueeze(0);

    /// <summary>One more than the largest position.</summary>
    public long PositionCount => length;

    /// <summary>Dropout of hidden states in training.</summary>
    public Tensor Dropout(Tensor hidden, double share) =>
        Training && share > 0 ? nn.functional.dropout(hidden, share, training: true) : hidden;

    private Tensor Keep(Tensor tensor) => tensor.MoveToOtherDisposeScope(anchor);

    private (Tensor? Positions, long Length) ReadPositions(ModelInput input)
    {
        long count = input.InputIds.shape[1];
        if (input.PositionIds is { } given)
        {
            if (given.shape.Length != 2 || given.shape[1] != count)
            {
                throw new TrainToolsException(ErrorIds.ModelInputInvalid, ErrorKind.InvalidArgument, $"position_ids must be [B, {count}], and they are [{string.Join(", ", given.shape)}].");
            }

            using var largest = given.max();
            return (given, largest.ToInt64() + 1);
        }

        if (Layout.Documents is { } documents)
        {
            long[] restarting = new long[count];
            long at = 0;
            foreach (long document in documents)
            {
                for (long i = 0; i < document; i++)
                {
                    restarting[at++] = i;
                }
            }

            return (tensor(restarting, device: input.InputIds.device).unsqueeze(0), documents.Max());
        }

        return (null, Layout.Past + count);
    }
}
