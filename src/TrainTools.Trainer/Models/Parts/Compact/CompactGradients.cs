using TorchSharp;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>Gradients of parameters as sums over tokens: collected first, then computed by all threads, some rows of a weight a task.</summary>
/// <param name="tokens">N.</param>
internal sealed unsafe class CompactGradients(int tokens)
{
    private const int Rows = 32;
    private readonly List<Sum> sums = [];
    private readonly List<Tensor> held = [];

    /// <summary>The gradients of a linear layer's weight and bias, where they are trained.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="gradient">Gradient of its output, [N, out].</param>
    /// <param name="gradientRow">Distance of tokens there.</param>
    /// <param name="input">Its input, [N, in].</param>
    /// <param name="inputRow">Distance of tokens there.</param>
    public void Add(LinearLayer layer, float* gradient, int gradientRow, float* input, int inputRow)
    {
        if (Target(layer.Weight.Value, out var adds) is var weight && weight is not null)
        {
            var (rows, columns) = ((int)layer.OutFeatures, (int)layer.InFeatures);
            for (var row = 0; row < rows; row += Rows)
            {
                sums.Add(new Sum(weight + ((long)row * columns), gradient + row, gradientRow, input, inputRow, Math.Min(Rows, rows - row), columns, tokens, adds));
            }
        }

        if (layer.Bias is { } bias)
        {
            AddRows(bias.Value, gradient, gradientRow, tokens);
        }
    }

    /// <summary>The gradient of a vector as the sum of rows.</summary>
    public void AddRows(Tensor parameter, float* rows, int row, int count)
    {
        if (Target(parameter, out var adds) is var target && target is not null)
        {
            sums.Add(new Sum(target, rows, row, null, 0, 1, (int)parameter.numel(), count, adds));
        }
    }

    /// <summary>Computes them all.</summary>
    public void Run()
    {
        WorkerThreads.For(sums.Count, i => sums[i].Run());
        foreach (var tensor in held)
        {
            tensor.Dispose();
        }
    }

    // Where a parameter's gradient lies: the one it has, or a new one that holds nothing yet.
    private float* Target(Tensor parameter, out bool adds)
    {
        adds = false;
        if (!parameter.requires_grad)
        {
            return null;
        }

        var gradient = WeightGradient.Room(parameter, out adds);
        held.Add(gradient);
        return TensorMemory.Floats(gradient);
    }

    private sealed record Sum(nint To, nint From, int FromRow, nint With, int WithRow, int Rows, int Columns, int Count, bool Adds)
    {
        public Sum(float* to, float* from, int fromRow, float* with, int withRow, int rows, int columns, int count, bool adds)
            : this((nint)to, (nint)from, fromRow, (nint)with, withRow, rows, columns, count, adds)
        {
        }

        public void Run()
        {
            var to = (float*)To;
            var from = (float*)From;
            var with = (float*)With;
            if (with is not null)
            {
                MatrixKernel.Multiply(from, 1, FromRow, with, WithRow, to, Columns, Rows, Columns, Count, Adds);
                return;
            }

            if (!Adds)
            {
                new Span<float>(to, Columns).Clear();
            }

            for (var i = 0; i < Count; i++)
            {
                RowKernel.Add(from + ((long)i * FromRow), to, Columns);
            }
        }
    }
}
