using TrainTools.Core.Errors;

namespace TrainTools.Core.Cleaning.LabelErrors;

/// <summary>Given labels, and for each row the out-of-fold probability of each class.</summary>
public sealed class ClassProbabilities
{
    private readonly double[] _values;

    /// <summary>Puts labels and probabilities together.</summary>
    /// <param name="labels">Given label of each row, 0 to classes - 1.</param>
    /// <param name="values">Probabilities, row after row.</param>
    /// <param name="classes">Number of classes.</param>
    /// <exception cref="TrainToolsException">ProbabilitiesMismatch: the sizes do not fit, or a label or probability is out of range.</exception>
    public ClassProbabilities(int[] labels, double[] values, int classes)
    {
        if (values.Length != (long)labels.Length * classes)
        {
            throw Mismatch(FormattableString.Invariant($"{values.Length / Math.Max(1, classes)} rows of probabilities for {labels.Length} labels"));
        }

        for (var row = 0; row < labels.Length; row++)
        {
            if ((uint)labels[row] >= (uint)classes)
            {
                throw Mismatch(FormattableString.Invariant($"row {row} has label {labels[row]}, and there are {classes} classes"));
            }

            foreach (var value in values.AsSpan(row * classes, classes))
            {
                if (!double.IsFinite(value))
                {
                    throw Mismatch(FormattableString.Invariant($"row {row} has the probability {value}"));
                }
            }
        }

        Labels = labels;
        Classes = classes;
        _values = values;
    }

    /// <summary>Given label of each row.</summary>
    public IReadOnlyList<int> Labels { get; }

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>Number of rows.</summary>
    public int Rows => Labels.Count;

    /// <summary>Probabilities of a row.</summary>
    public ReadOnlySpan<double> this[int row] => _values.AsSpan(row * Classes, Classes);

    /// <summary>Probability of a row's given label.</summary>
    public double SelfConfidence(int row) => this[row][Labels[row]];

    /// <summary>Most probable class of a row, the first among equals.</summary>
    public int Predicted(int row)
    {
        var values = this[row];
        var best = 0;
        for (var k = 1; k < values.Length; k++)
        {
            best = values[k] > values[best] ? k : best;
        }

        return best;
    }

    /// <summary>Probability of the given label less the largest of all probabilities: 0 or below.</summary>
    public double Margin(int row) => SelfConfidence(row) - this[row][Predicted(row)];

    private static TrainToolsException Mismatch(string what) => new(
        ErrorIds.ProbabilitiesMismatch, ErrorKind.InvalidData, $"The probabilities do not fit the labels: {what}.",
        "Give one row of probabilities for each record, in the records' order, and one column for each class.");
}
