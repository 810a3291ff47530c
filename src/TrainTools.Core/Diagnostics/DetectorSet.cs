using TrainTools.Core.Diagnostics.Detectors;

namespace TrainTools.Core.Diagnostics;

/// <summary>The detectors that a run is watched with.</summary>
public static class DetectorSet
{
    /// <summary>A new set, each detector as its documentation describes it.</summary>
    public static IReadOnlyList<IDetector> Create() =>
    [
        new NonFiniteDetector(),
        new LossExplodesDetector(),
        new LossSpikeDetector(),
        new LossNotDecreasingDetector(),
        new LossFluctuatesDetector(),
        new ValidationLossRisingDetector(),
        new OverfitGapDetector(),
    ];
}
