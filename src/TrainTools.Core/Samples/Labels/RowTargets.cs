using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Samples.Labels;

/// <summary>What a classifier of whole texts learns of a record.</summary>
public static class RowTargets
{
    /// <summary>The class number, the value, or one number a class.</summary>
    /// <exception cref="TrainToolsException">LabelMissing, LabelUnknown, LabelNotNumber.</exception>
    public static float[] Of(TrainingRecord record, LabelSet labels)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentNullException.ThrowIfNull(labels);
        if (record.Label is null && record.Labels is null)
        {
            throw LabelDiscovery.Missing(record);
        }

        switch (labels.Problem)
        {
            case ProblemType.Regression:
                return record.Label is { } text && LabelSet.IsNumber(text, out var value) ? [(float)value] : throw new TrainToolsException(
                    ErrorIds.LabelNotNumber, ErrorKind.InvalidData, $"{SampleEncoder.Place(record)}: a regression learns numbers, and the label is '{record.Label ?? string.Join(", ", record.Labels!)}'.",
                    "Correct the record, or set problem_type to single_label_classification.", record.SourceFile);
            case ProblemType.MultiLabelClassification:
                var several = new float[labels.Names.Count];
                foreach (var name in record.Labels ?? [record.Label!])
                {
                    several[Id(record, name, labels)] = 1;
                }

                return several;
            default:
                return record.Label is { } one ? [Id(record, one, labels)]
                    : record.Labels is [var single] ? [Id(record, single, labels)]
                    : throw new TrainToolsException(
                        ErrorIds.LabelUnknown, ErrorKind.InvalidData, $"{SampleEncoder.Place(record)}: the record has {record.Labels!.Count} labels where one is learnt.",
                        "Set problem_type to multi_label_classification.", record.SourceFile);
        }
    }

    private static int Id(TrainingRecord record, string label, LabelSet labels) => labels.Find(label) is >= 0 and var id ? id : throw LabelDiscovery.Unknown(record, label, labels);
}
