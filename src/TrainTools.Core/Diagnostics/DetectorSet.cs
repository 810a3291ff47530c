using TrainTools.Core.Diagnostics.Detectors;

namespace TrainTools.Core.Diagnostics;

/// <summary>The detectors that a run is watched with.</summary>
public static class DetectorSet
{
    /// <summary>A new set, each detector as its documentation describes it.</summary>
    public static IReadOnlyList<IDetector> Create() =>
    [
        // Data and labels
        new NoLabelsDetector(),
        new EvaluationOverlapDetector(),
        new RecordsRepeatedDetector(),
        new DataOrderDetector(),
        new FirstLossWrongDetector(),
        new TooGoodDetector(),

        // Wiring
        new DeadAdapterDetector(),
        new NotTrainableDetector(),
        new ParametersStillDetector(),
        new AccumulationWrongDetector(),
        new TrainEvaluationMismatchDetector(),

        // Numbers
        new NonFiniteDetector(),

        // Learning rate and gradient
        new UpdateTooLargeDetector(),
        new UpdateTooSmallDetector(),
        new EarlyInstabilityDetector(),
        new LossExplodesDetector(),
        new LossSpikeDetector(),
        new GradientExplosionDetector(),
        new GradientVanishingDetector(),
        new ClippedNearlyAlwaysDetector(),
        new LossNotDecreasingDetector(),
        new LossPlateauDetector(),

        // Noise
        new LossFluctuatesDetector(),
        new BatchTooSmallDetector(),

        // Generalisation
        new UnderfittingDetector(),
        new OverfitGapDetector(),
        new ValidationLossRisingDetector(),
        new EarlySuccessDetector(),

        // Machine
        new OutOfMemoryDetector(),
        new MemoryGrowthDetector(),
        new ThroughputDropDetector(),
        new DataStarvationDetector(),
    ];
}
