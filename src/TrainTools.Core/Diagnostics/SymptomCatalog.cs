using static TrainTools.Core.Diagnostics.CauseIds;
using S = TrainTools.Core.Diagnostics.Symptoms;

namespace TrainTools.Core.Diagnostics;

/// <summary>
/// What is known of symptoms apart from any run: the order in which they are looked at (data, wiring, numbers, learning
/// rate, noise, generalisation: what comes first brings about what comes later), which others each one explains, and the
/// causes each may have.
/// </summary>
internal static class SymptomCatalog
{
    private static readonly string[] Curves =
    [
        S.LossExplodes, S.LossSpike, S.LossFluctuates, S.LossNotDecreasing, S.LossPlateau, S.EarlyInstability, S.GradientExplosion,
        S.GradientVanishing, S.UpdateTooLarge, S.UpdateTooSmall, S.ClippedNearlyAlways, S.Underfitting, S.OverfitGap, S.ValidationLossRising,
        S.TrainEvaluationMismatch, S.EarlySuccess, S.BatchTooSmall,
    ];

    /// <summary>The symptoms, those first that explain others.</summary>
    public static IReadOnlyList<SymptomInfo> All { get; } =
    [
        new(S.NoLabels, "No labels", [S.NonFinite, S.FirstLossWrong, S.TooGoodToBeTrue, S.DeadAdapter, S.ParametersStill, .. Curves], (LabelsMasked, 1)),
        new(S.EvaluationOverlap, "Validation rows in the training data", [S.TooGoodToBeTrue, S.EarlySuccess, S.TrainEvaluationMismatch], (EvaluationInTraining, 1)),
        new(S.DataOrder, "Records in a fixed order", [S.LossSpike, S.LossExplodes, S.LossFluctuates, S.LossPlateau, S.LossNotDecreasing, S.GradientExplosion, S.TrainEvaluationMismatch, S.OverfitGap, S.ValidationLossRising, S.TooGoodToBeTrue, S.Underfitting], (DataNotShuffled, 1)),
        new(S.RecordsRepeated, "Records repeated", [S.OverfitGap, S.ValidationLossRising, S.TooGoodToBeTrue, S.TrainEvaluationMismatch, S.EarlySuccess, S.LossExplodes, S.LossSpike, S.LossFluctuates, S.LossPlateau, S.GradientExplosion], (CauseIds.RecordsRepeated, 1)),
        new(S.FirstLossWrong, "First loss out of range", [], (TokenizerMismatch, 0.8), (LabelsMisaligned, 0.8), (AccumulationNormaliser, 0.85), (DropoutTooHigh, 0.85), (LabelsUnrelated, 0.5), (LabelNoise, 0.8), (LearningRateTooHigh, 0.3)),
        new(S.TooGoodToBeTrue, "Too good to be true", [S.EarlySuccess, S.OverfitGap, S.TrainEvaluationMismatch, S.ValidationLossRising], (EvaluationInTraining, 0.7), (LabelsMisaligned, 0.8), (AnswerLeaks, 0.7), (CauseIds.RecordsRepeated, 0.8)),

        new(S.DeadAdapter, "Adapters that do nothing", [S.ParametersStill, S.UpdateTooSmall, S.LossNotDecreasing, S.LossPlateau, S.Underfitting, S.GradientVanishing], (NotInOptimizer, 1), (ParametersFrozen, 0.8), (LearningRateTooLow, 0.2)),
        new(S.NotTrainable, "Parameters that are not trained", [S.ParametersStill, S.LossNotDecreasing, S.LossPlateau, S.Underfitting, S.GradientVanishing, S.UpdateTooSmall], (ParametersFrozen, 1)),
        new(S.ParametersStill, "Parameters that never move", [S.LossNotDecreasing, S.LossPlateau, S.Underfitting, S.GradientVanishing], (ParametersFrozen, 0.9), (NotInOptimizer, 0.9), (LearningRateTooLow, 0.4), (PrecisionOverflow, 0.2)),
        new(S.AccumulationWrong, "Accumulation weighted wrongly", [S.FirstLossWrong, S.GradientExplosion, S.ClippedNearlyAlways], (AccumulationNormaliser, 1)),
        new(S.TrainEvaluationMismatch, "Training and evaluation disagree", [S.Underfitting, S.LossPlateau, S.ValidationLossRising, S.OverfitGap, S.LossNotDecreasing], (DropoutTooHigh, 0.9), (LabelNoise, 0.8), (LabelsUnrelated, 0.6), (LabelsMisaligned, 0.5), (DataDiffers, 0.6), (AccumulationNormaliser, 0.8)),

        new(S.NonFinite, "NaN or infinity", [S.FirstLossWrong, S.EarlyInstability, .. Curves], (LearningRateTooHigh, 0.9), (PrecisionOverflow, 0.9), (BadRecords, 0.7), (ClippingOff, 0.7), (WarmupTooShort, 0.5)),

        new(S.UpdateTooLarge, "Updates too large", [S.EarlyInstability, S.LossExplodes, S.LossSpike, S.GradientExplosion, S.LossFluctuates, S.LossNotDecreasing, S.LossPlateau, S.Underfitting, S.ClippedNearlyAlways, S.BatchTooSmall], (LearningRateTooHigh, 1), (WarmupTooShort, 0.6), (ClippingOff, 0.2)),
        new(S.EarlyInstability, "Unstable at the start", [S.LossSpike, S.GradientExplosion], (WarmupTooShort, 1), (LearningRateTooHigh, 0.9), (ClippingOff, 0.6), (BadRecords, 0.2)),
        new(S.LossExplodes, "Loss explodes", [S.EarlyInstability, S.LossSpike, S.GradientExplosion, S.LossFluctuates, S.LossNotDecreasing, S.LossPlateau, S.Underfitting, S.OverfitGap, S.ValidationLossRising, S.EarlySuccess, S.ClippedNearlyAlways, S.TrainEvaluationMismatch, S.BatchTooSmall], (LearningRateTooHigh, 1), (WarmupTooShort, 0.7), (ClippingOff, 0.6), (DataNotShuffled, 0.6), (BadRecords, 0.5), (PrecisionOverflow, 0.4)),
        new(S.GradientExplosion, "Gradient explodes", [S.LossSpike, S.ClippedNearlyAlways], (LearningRateTooHigh, 0.9), (BadRecords, 0.6), (ClippingOff, 0.6), (WarmupTooShort, 0.6), (LongRows, 0.4)),
        new(S.LossSpike, "Loss spike", [], (BadRecords, 0.9), (LearningRateTooHigh, 0.7), (ClippingOff, 0.6), (DataNotShuffled, 0.5), (PrecisionOverflow, 0.3)),
        new(S.UpdateTooSmall, "Updates too small", [S.ParametersStill, S.LossNotDecreasing, S.LossPlateau, S.Underfitting], (LearningRateTooLow, 1), (ClippingTooTight, 0.7), (ParametersFrozen, 0.3)),
        new(S.GradientVanishing, "Gradient vanishes", [S.LossNotDecreasing, S.LossPlateau, S.Underfitting], (ParametersFrozen, 0.8), (PrecisionOverflow, 0.6), (LearningRateTooHigh, 0.5), (LabelsMasked, 0.1)),
        new(S.ClippedNearlyAlways, "Gradient clipped nearly always", [S.UpdateTooSmall], (ClippingTooTight, 1), (LearningRateTooHigh, 0.4), (AccumulationNormaliser, 0.4)),
        new(S.LossNotDecreasing, "Loss does not decrease", [S.LossPlateau, S.Underfitting], (LearningRateTooLow, 0.9), (LabelsUnrelated, 0.7), (ParametersFrozen, 0.7), (LearningRateTooHigh, 0.5), (NotInOptimizer, 0.5), (DropoutTooHigh, 0.5), (LabelNoise, 0.5), (ModelTooSmall, 0.3), (Converged, 0.2)),

        new(S.LossFluctuates, "Loss fluctuates", [], (CauseIds.BatchTooSmall, 0.9), (LearningRateTooHigh, 0.7), (DataNotShuffled, 0.5), (LongRows, 0.4), (BadRecords, 0.3), (BatchNormSmallBatch, 0.5)),
        new(S.BatchTooSmall, "Gradient noise above the batch size", [], (CauseIds.BatchTooSmall, 1)),

        new(S.ValidationLossRising, "Validation loss rises", [S.OverfitGap, S.EarlySuccess], (Overfitting, 1), (LearningRateTooHigh, 0.4), (LabelNoise, 0.4), (LabelsUnrelated, 0.5), (LabelsMisaligned, 0.3), (DataDiffers, 0.3), (DataNotShuffled, 0.4), (CauseIds.RecordsRepeated, 0.5)),
        new(S.OverfitGap, "Better on training than on held-out data", [], (Overfitting, 1), (DataDiffers, 0.4), (CauseIds.RecordsRepeated, 0.5)),
        new(S.Underfitting, "Underfitting", [S.LossPlateau], (ModelTooSmall, 0.8), (LearningRateTooLow, 0.7), (LearningRateTooHigh, 0.5), (TooFewSteps, 0.6), (LabelNoise, 0.5), (DropoutTooHigh, 0.6), (LabelsUnrelated, 0.6)),
        new(S.LossPlateau, "Plateau", [], (Converged, 0.8), (LearningRateTooHigh, 0.5), (LearningRateTooLow, 0.4), (ModelTooSmall, 0.4), (LabelNoise, 0.3)),
        new(S.EarlySuccess, "Done early", [], (Converged, 1)),

        new(S.OutOfMemory, "Out of memory", [], (BatchTooLarge, 1), (MemoryLeak, 0.3)),
        new(S.MemoryGrowth, "Memory grows", [S.OutOfMemory], (MemoryLeak, 1), (LongRows, 0.5)),
        new(S.DataStarvation, "Waiting for data", [S.ThroughputDrop], (LoaderTooSlow, 1)),
        new(S.ThroughputDrop, "Slower than before", [], (MachineBusy, 0.8), (LoaderTooSlow, 0.7), (LongRows, 0.6), (MemoryLeak, 0.3)),
    ];

    private static readonly Dictionary<string, int> Positions = All.Select((info, i) => (info.Id, i)).ToDictionary(p => p.Id, p => p.i, StringComparer.Ordinal);

    /// <summary>The entry of a symptom.</summary>
    public static SymptomInfo Get(string id) => All[Positions[id]];

    /// <summary>Where a symptom stands in the order of looking.</summary>
    public static int Position(string id) => Positions[id];
}

/// <summary>What is known of a symptom.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Explains">Symptoms that follow from it.</param>
/// <param name="Causes">Causes it may have, each with a weight of 0 to 1 before the run is looked at.</param>
internal sealed record SymptomInfo(string Id, string Title, IReadOnlyList<string> Explains, params (string Cause, double Prior)[] Causes);
