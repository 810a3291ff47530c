namespace TrainTools.Core.Diagnostics.Causes;

/// <summary>Orders the causes of a symptom by their weight beforehand times what speaks for them in the run.</summary>
internal static class CauseRanking
{
    /// <summary>Causes that are named at most.</summary>
    public const int Most = 4;

    private static readonly Dictionary<string, ICause> Causes = new ICause[]
    {
        new LearningRateTooHigh(), new LearningRateTooLow(), new WarmupTooShort(), new ClippingTooTight(), new ClippingOff(),
        new BadRecords(), new LabelNoise(), new LabelsUnrelated(), new LabelsMasked(), new LabelsMisaligned(), new TokenizerMismatch(),
        new DataDiffers(), new DataNotShuffled(), new RecordsRepeatedCause(), new EvaluationInTraining(), new AnswerLeaks(),
        new ParametersFrozen(), new NotInOptimizer(), new AccumulationNormaliser(), new DropoutTooHigh(), new PrecisionOverflow(),
        new BatchTooSmall(), new BatchNormSmallBatch(), new LongRows(), new Overfitting(), new ModelTooSmall(), new TooFewSteps(),
        new Converged(), new BatchTooLarge(), new MemoryLeak(), new LoaderTooSlow(), new MachineBusy(),
    }.ToDictionary(c => c.Id, StringComparer.Ordinal);

    /// <summary>The causes of a symptom in this run, the likeliest first.</summary>
    public static IReadOnlyList<DiagnosisCause> Rank(CauseContext context)
    {
        var weighed = new List<(ICause Cause, CauseOpinion Opinion, double Weight)>();
        foreach (var (id, prior) in SymptomCatalog.Get(context.Symptom).Causes)
        {
            if (Causes[id].Consider(context) is { } opinion)
            {
                weighed.Add((Causes[id], opinion, prior * opinion.Support));
            }
        }

        var total = weighed.Sum(w => w.Weight);
        return total <= 0 ? [] :
        [
            .. weighed.OrderByDescending(w => w.Weight).Take(Most).Select(w => new DiagnosisCause
            {
                Id = w.Cause.Id,
                Title = w.Cause.Title,
                Score = Math.Round(w.Weight / total, 3),
                Reason = w.Opinion.Reason,
                Check = w.Opinion.Check,
                Remedies = w.Opinion.Remedies,
            }),
        ];
    }
}
