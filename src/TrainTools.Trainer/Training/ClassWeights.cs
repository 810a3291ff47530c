using System.Globalization;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Samples;
using TrainTools.Core.Samples.Labels;

namespace TrainTools.Trainer.Training;

/// <summary>Weights of the classes in the training loss, from class_weights.</summary>
internal static class ClassWeights
{
    private const string Balanced = "balanced";

    /// <summary>
    /// A weight for each label; null = all 1. Balanced is scikit-learn's rule, rows / (classes × rows of the class); of several
    /// labels a text it is the ratio of rows without the label to rows with it (torch's pos_weight).
    /// </summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.ClassWeightInvalid"/>.</exception>
    public static IReadOnlyList<float>? From(TaskConfig task, RunData data)
    {
        if (task.ClassWeights.Count == 0 || data.Labels is not { } labels)
        {
            return null;
        }

        if (labels.Problem == ProblemType.Regression)
        {
            throw Invalid("a regression has no classes to weigh", "Leave class_weights out.");
        }

        return task.ClassWeights is [Balanced] ? OfData(labels, data) : Listed(task, labels);
    }

    private static float[] Listed(TaskConfig task, LabelSet labels)
    {
        var weights = Enumerable.Repeat(1f, labels.Names.Count).ToArray();
        foreach (var entry in task.ClassWeights)
        {
            var at = entry.LastIndexOf('=');
            if (at < 1 || !float.TryParse(entry[(at + 1)..], CultureInfo.InvariantCulture, out var weight) || !(weight > 0) || !float.IsFinite(weight))
            {
                throw Invalid($"'{entry}' is not a label, an equals sign and a number above 0", "Write label=weight for each, or the single word balanced.");
            }

            var id = labels.Find(entry[..at].Trim());
            weights[id >= 0 ? id : throw Invalid($"there is no label '{entry[..at].Trim()}'", $"The labels are {string.Join(", ", labels.Names.Take(10))}.")] = weight;
        }

        return weights;
    }

    private static float[] OfData(LabelSet labels, RunData data)
    {
        var counts = new long[labels.Names.Count];
        long total = 0;
        foreach (var sample in data.Training.Samples)
        {
            if (labels.Problem == ProblemType.MultiLabelClassification)
            {
                total++;
                for (var k = 0; k < counts.Length; k++)
                {
                    counts[k] += sample.RowTargets![k] > 0.5f ? 1 : 0;
                }
            }
            else if (sample.RowTargets is [var target])
            {
                total++;
                counts[(int)target]++;
            }
            else
            {
                foreach (var label in sample.Labels.Where(l => l != TrainingSample.Ignored))
                {
                    total++;
                    counts[label]++;
                }
            }
        }

        // A class that never comes has no weight to be reckoned; it is not asked for one either.
        var present = counts.Count(c => c > 0);
        return [.. counts.Select(c => c == 0 ? 1f
            : labels.Problem == ProblemType.MultiLabelClassification ? Math.Max(1, total - c) / (float)c
            : (float)(total / ((double)present * c)))];
    }

    private static TrainToolsException Invalid(string what, string remedy) => new(
        ErrorIds.ClassWeightInvalid, ErrorKind.InvalidArgument, $"class_weights: {what}.", remedy, "class_weights");
}
