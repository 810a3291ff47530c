using System.Text.Json;
using System.Text.Json.Nodes;
using TrainTools.Core.Cleaning;
using TrainTools.Core.Cleaning.Reports;
using TrainTools.Core.Data;

namespace TrainTools.PowerShell.Datasets;

/// <summary>A removed record with its place and the verdicts on it, as it is written aside.</summary>
internal static class RejectedRecord
{
    public static TrainingRecord With(TrainingRecord record, IReadOnlyList<CleaningVerdict> verdicts)
    {
        var extra = record.Extra is null ? [] : (JsonObject)record.Extra.DeepClone();
        extra["_source_file"] = record.SourceFile;
        extra["_source_line"] = record.SourceLine;
        extra["_verdicts"] = JsonSerializer.SerializeToNode(verdicts, VerdictFile.Json);
        return record with { Extra = extra };
    }
}
