namespace TrainTools.Core.Evaluation;

/// <summary>
/// How often one of several labels a text was rightly or wrongly given: the cells that scikit-learn's
/// multilabel_confusion_matrix has for it, [[tn, fp], [fn, tp]].
/// </summary>
/// <param name="Label">The label.</param>
/// <param name="TruePositives">Rows that have it and were given it.</param>
/// <param name="FalsePositives">Rows that were given it and do not have it.</param>
/// <param name="FalseNegatives">Rows that have it and were not given it.</param>
/// <param name="TrueNegatives">Rows that neither have it nor were given it.</param>
public sealed record LabelConfusion(string Label, long TruePositives, long FalsePositives, long FalseNegatives, long TrueNegatives)
{
    /// <summary>Counts a label's rows.</summary>
    /// <param name="label">The label.</param>
    /// <param name="given">Whether each row has it.</param>
    /// <param name="predicted">Whether each row was given it.</param>
    public static LabelConfusion Of(string label, IEnumerable<bool> given, IEnumerable<bool> predicted)
    {
        var cells = new long[4];
        foreach (var (has, got) in given.Zip(predicted))
        {
            cells[(has ? 2 : 0) + (got ? 1 : 0)]++;
        }

        return new LabelConfusion(label, cells[3], cells[1], cells[2], cells[0]);
    }
}
