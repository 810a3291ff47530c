using System.Text.Json.Nodes;

using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Scores;

/// <summary>The score that cleaning wrote into a record for a curriculum.</summary>
internal static class CurriculumScore
{
    /// <summary>The score, low = easy; null where the record has none.</summary>
    public static double? Of(TrainingRecord record) =>
        record.Extra?[CleaningRun.ScoreField] is JsonValue value && value.TryGetValue<double>(out var score) && double.IsFinite(score) ? score : null;
}
