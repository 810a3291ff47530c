using System.Text.Json;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Remedies;

/// <summary>remedies.jsonl: one line for each remedy that a run applied to itself.</summary>
public static class RemedyLog
{
    /// <summary>Appends a line.</summary>
    public static void Append(RunFolder folder, AppliedRemedy remedy)
    {
        ArgumentNullException.ThrowIfNull(folder);
        File.AppendAllText(folder.RemediesPath, JsonSerializer.Serialize(remedy, TrainerEvent.JsonOptions) + "\n");
    }

    /// <summary>The remedies of a run so far, in order; a line that a crash cut off is passed over.</summary>
    public static IReadOnlyList<AppliedRemedy> Read(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!File.Exists(folder.RemediesPath))
        {
            return [];
        }

        var remedies = new List<AppliedRemedy>();
        foreach (var line in File.ReadLines(folder.RemediesPath))
        {
            try
            {
                remedies.Add(JsonSerializer.Deserialize<AppliedRemedy>(line, TrainerEvent.JsonOptions)!);
            }
            catch (JsonException)
            {
                // Cut off by a crash.
            }
        }

        return remedies;
    }

    /// <summary>Records that the run passes over.</summary>
    public static IReadOnlySet<long> SkippedRecords(RunFolder folder) => Read(folder).SelectMany(r => r.SkippedRecords).ToHashSet();
}
