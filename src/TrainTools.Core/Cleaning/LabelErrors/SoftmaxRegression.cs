using System.Numerics;

using TrainTools.Core.Training;

namespace TrainTools.Core.Cleaning.LabelErrors;

/// <summary>
/// Multinomial logistic regression on sparse binary features, trained by AdaGrad. The same rows in the same order give the
/// same model, whatever runs beside it.
/// </summary>
internal sealed class SoftmaxRegression
{
    private const float LearningRate = 0.5f;
    private const int MaxParameters = 1 << 25;
    private readonly int _classes;
    private readonly int _stride;
    private readonly int _mask;
    private readonly float[] _weights;
    private readonly float[] _squares;

    /// <summary>Makes a model that predicts all classes alike.</summary>
    public SoftmaxRegression(int classes, int bits = 18)
    {
        _classes = classes;
        _stride = (classes + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count;
        while (bits > 12 && ((long)_stride << bits) > MaxParameters)
        {
            bits--;
        }

        _mask = (1 << bits) - 1;
        _weights = new float[(_mask + 1) * _stride];
        _squares = new float[_mask + 1];
        Array.Fill(_squares, 1f);
    }

    /// <summary>Trains on rows.</summary>
    /// <param name="rows">Numbers of the rows.</param>
    /// <param name="features">Features of a row.</param>
    /// <param name="labels">Label of each row.</param>
    /// <param name="epochs">Passes over the rows, each in its own order.</param>
    /// <param name="seed">The orders depend on it.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    public void Train(int[] rows, Func<int, int[]> features, IReadOnlyList<int> labels, int epochs, long seed, CancellationToken cancellationToken)
    {
        var order = rows.ToArray();
        var scores = new float[_stride];
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            new SeededRandom(seed, RandomPurpose.CrossValidation, epoch + 1).Shuffle<int>(order);
            foreach (var row in order)
            {
                var active = features(row);
                Predict(active, scores);
                scores[labels[row]] -= 1;
                Update(active, scores);
            }
        }
    }

    /// <summary>Probability of each class.</summary>
    /// <param name="features">The row's features.</param>
    /// <param name="scores">Receives them; padded with zeros.</param>
    public void Predict(int[] features, Span<float> scores)
    {
        scores = scores[.._stride];
        scores.Clear();
        foreach (var feature in features)
        {
            Add(scores, _weights.AsSpan((feature & _mask) * _stride, _stride), 1);
        }

        var scale = Scale(features);
        var max = float.NegativeInfinity;
        for (var k = 0; k < _classes; k++)
        {
            scores[k] *= scale;
            max = Math.Max(max, scores[k]);
        }

        var sum = 0f;
        for (var k = 0; k < _classes; k++)
        {
            scores[k] = MathF.Exp(scores[k] - max);
            sum += scores[k];
        }

        for (var k = 0; k < _classes; k++)
        {
            scores[k] /= sum;
        }

        scores[_classes..].Clear();
    }

    private void Update(int[] features, ReadOnlySpan<float> gradient)
    {
        var scale = Scale(features);
        var size = 0f;
        foreach (var g in gradient)
        {
            size += g * g;
        }

        size *= scale * scale;
        foreach (var feature in features)
        {
            var place = feature & _mask;
            _squares[place] += size;
            Add(_weights.AsSpan(place * _stride, _stride), gradient, -LearningRate * scale / MathF.Sqrt(_squares[place]));
        }
    }

    /// <summary>Rows are scaled to length 1, times a constant that sets how fast they are learnt.</summary>
    private static float Scale(int[] features) => 4 / MathF.Sqrt(Math.Max(1, features.Length));

    private static void Add(Span<float> target, ReadOnlySpan<float> values, float factor)
    {
        for (var i = 0; i < target.Length; i += Vector<float>.Count)
        {
            (new Vector<float>(target[i..]) + (new Vector<float>(values[i..]) * factor)).CopyTo(target[i..]);
        }
    }
}
