using System.Text.Json;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics;

/// <summary>
/// diagnoses.jsonl: one line each time a diagnosis is raised, changed or closed, the whole diagnosis in it. The last line
/// of an id holds.
/// </summary>
public static class DiagnosisLog
{
    /// <summary>Appends a line.</summary>
    public static void Append(string path, DiagnosisUpdate update)
    {
        var line = JsonSerializer.Serialize(update.Diagnosis, TrainerEvent.JsonOptions);
        File.AppendAllText(path, line + "\n");
    }

    /// <summary>
    /// For a run that goes on after a step: removes what was said later, which will be said again, and a line that a crash cut off.
    /// </summary>
    public static void KeepUntil(string path, int lastStep)
    {
        if (!File.Exists(path))
        {
            return;
        }

        var lines = File.ReadAllLines(path);
        var kept = lines.Where(l => TryParse(l) is { } d && Math.Max(d.RaisedAtStep, Math.Max(d.LastStep, d.ClosedAtStep ?? 0)) <= lastStep).ToList();
        if (kept.Count < lines.Length)
        {
            AtomicFile.WriteText(path, string.Concat(kept.Select(l => l + "\n")));
        }
    }

    /// <summary>
    /// The diagnoses of a file as they last were, in the order they were raised. A line that a crash cut off is passed over;
    /// a file that is not there holds none.
    /// </summary>
    public static IReadOnlyList<Diagnosis> Read(string path)
    {
        var diagnoses = new OrderedDictionary<string, Diagnosis>(StringComparer.Ordinal);
        if (!File.Exists(path))
        {
            return [];
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (TryParse(line) is { } diagnosis)
            {
                diagnoses[diagnosis.Id] = diagnosis;
            }
        }

        return [.. diagnoses.Values];
    }

    private static Diagnosis? TryParse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<Diagnosis>(line, TrainerEvent.JsonOptions);
        }
        catch (JsonException)
        {
            return null; // cut off by a crash, or still being written
        }
    }
}
