namespace TrainTools.Core.Evaluation;

/// <summary>How often each given class was taken for each.</summary>
/// <param name="Labels">Names of the classes.</param>
/// <param name="Counts">Rows by given class, columns by predicted class.</param>
public sealed record ConfusionMatrix(IReadOnlyList<string> Labels, IReadOnlyList<IReadOnlyList<long>> Counts)
{
    /// <summary>Counts pairs.</summary>
    /// <param name="labels">Names of the classes.</param>
    /// <param name="given">Given class of each row.</param>
    /// <param name="predicted">Predicted class of each row.</param>
    public static ConfusionMatrix Of(IReadOnlyList<string> labels, IReadOnlyList<int> given, IReadOnlyList<int> predicted)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(predicted);
        var counts = new long[labels.Count][];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = new long[labels.Count];
        }

        for (var i = 0; i < given.Count; i++)
        {
            counts[given[i]][predicted[i]]++;
        }

        return new ConfusionMatrix(labels, counts);
    }

    /// <summary>Rows in all.</summary>
    public long Total => Counts.Sum(r => r.Sum());

    /// <summary>Rows that were right.</summary>
    public long Correct => Enumerable.Range(0, Labels.Count).Sum(k => Counts[k][k]);

    /// <summary>The pairs that were confused, the most frequent first.</summary>
    /// <param name="most">Most pairs.</param>
    public IReadOnlyList<ConfusedPair> Confused(int most = 10) =>
    [
        .. from given in Enumerable.Range(0, Labels.Count)
           from predicted in Enumerable.Range(0, Labels.Count)
           where given != predicted && Counts[given][predicted] > 0
           orderby Counts[given][predicted] descending, given, predicted
           select new ConfusedPair(Labels[given], Labels[predicted], Counts[given][predicted], (double)Counts[given][predicted] / Counts[given].Sum()),
    ];

    /// <inheritdoc/>
    public override string ToString() => $"{Labels.Count} classes, {Correct} of {Total} right";
}

/// <summary>A class that is taken for another.</summary>
/// <param name="Given">The given class.</param>
/// <param name="Predicted">The class it is taken for.</param>
/// <param name="Count">Rows.</param>
/// <param name="Share">Their share of the given class's rows.</param>
public sealed record ConfusedPair(string Given, string Predicted, long Count, double Share);

/// <summary>How well one class, or one type of entity, is found.</summary>
/// <param name="Label">The class.</param>
/// <param name="Precision">Share of what was predicted that is right; 0 where nothing was.</param>
/// <param name="Recall">Share of what is there that was found; 0 where nothing is.</param>
/// <param name="F1">Harmonic mean of the two.</param>
/// <param name="Support">Rows or entities there are.</param>
/// <param name="Predicted">Rows or entities predicted.</param>
public sealed record ClassScore(string Label, double Precision, double Recall, double F1, long Support, long Predicted)
{
    /// <summary>From counts.</summary>
    /// <param name="label">The class.</param>
    /// <param name="correct">Predicted and there.</param>
    /// <param name="predicted">Predicted.</param>
    /// <param name="support">There.</param>
    public static ClassScore Of(string label, long correct, long predicted, long support)
    {
        var precision = predicted == 0 ? 0 : (double)correct / predicted;
        var recall = support == 0 ? 0 : (double)correct / support;
        return new ClassScore(label, precision, recall, precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall), support, predicted);
    }
}
