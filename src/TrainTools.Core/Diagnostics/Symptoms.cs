namespace TrainTools.Core.Diagnostics;

/// <summary>Stable ids of the symptoms. They are part of the contract with scripts: never rename or reuse one.</summary>
public static class Symptoms
{
    // Data and labels
    public const string NoLabels = "NoLabels";
    public const string FirstLossWrong = "FirstLossWrong";
    public const string TooGoodToBeTrue = "TooGoodToBeTrue";
    public const string DataOrder = "DataOrder";
    public const string RecordsRepeated = "RecordsRepeated";
    public const string EvaluationOverlap = "EvaluationOverlap";

    // Wiring
    public const string DeadAdapter = "DeadAdapter";
    public const string ParametersStill = "ParametersStill";
    public const string NotTrainable = "NotTrainable";
    public const string TrainEvaluationMismatch = "TrainEvaluationMismatch";
    public const string AccumulationWrong = "AccumulationWrong";

    // Numbers
    public const string NonFinite = "NonFinite";

    // Learning rate and gradient
    public const string LossExplodes = "LossExplodes";
    public const string LossSpike = "LossSpike";
    public const string EarlyInstability = "EarlyInstability";
    public const string UpdateTooLarge = "UpdateTooLarge";
    public const string UpdateTooSmall = "UpdateTooSmall";
    public const string GradientExplosion = "GradientExplosion";
    public const string GradientVanishing = "GradientVanishing";
    public const string ClippedNearlyAlways = "ClippedNearlyAlways";
    public const string LossNotDecreasing = "LossNotDecreasing";
    public const string LossPlateau = "LossPlateau";

    // Noise
    public const string LossFluctuates = "LossFluctuates";
    public const string BatchTooSmall = "BatchTooSmall";

    // Generalisation
    public const string Underfitting = "Underfitting";
    public const string OverfitGap = "OverfitGap";
    public const string ValidationLossRising = "ValidationLossRising";
    public const string EarlySuccess = "EarlySuccess";

    // Machine
    public const string OutOfMemory = "OutOfMemory";
    public const string MemoryGrowth = "MemoryGrowth";
    public const string ThroughputDrop = "ThroughputDrop";
    public const string DataStarvation = "DataStarvation";

    /// <summary>All symptoms with their names for people, those first that explain others.</summary>
    public static IReadOnlyList<(string Id, string Title)> All => [.. SymptomCatalog.All.Select(s => (s.Id, s.Title))];

    /// <summary>The symptom of this id, whatever its case; null if there is none.</summary>
    public static (string Id, string Title)? Find(string id) =>
        SymptomCatalog.All.FirstOrDefault(s => s.Id.Equals(id, StringComparison.OrdinalIgnoreCase)) is { } found ? (found.Id, found.Title) : null;
}
