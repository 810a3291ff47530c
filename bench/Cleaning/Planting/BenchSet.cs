using TrainTools.Core.Cleaning;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Training;

namespace TrainTools.Bench.Cleaning.Planting;

/// <summary>A real data set: its records, and evaluation records that must not be among them.</summary>
/// <param name="Name">Name of its folder.</param>
/// <param name="Records">The records.</param>
/// <param name="Evaluation">Records of its test file, or some held out where it has none.</param>
/// <param name="Source">Name of the file.</param>
internal sealed record BenchSet(string Name, IReadOnlyList<TrainingRecord> Records, IReadOnlyList<TrainingRecord> Evaluation, string Source)
{
    private const int MostEvaluation = 300;

    private static readonly string[] Wanted = ["banking77", "sms-spam", "gsm8k", "dolly", "sgd", "wnut17", "hh-rlhf"];
    private static readonly string[] Extensions = ["", ".jsonl", ".json", ".csv", ".tsv", ".conll", ".annotated", ".parquet", ".gz", ".zst"];

    /// <summary>The cleaning profile that fits the shape.</summary>
    public CleaningProfile Profile => Records[0].Shape switch
    {
        RecordShape.Classification => CleaningProfile.Classification,
        RecordShape.TokenClassification => CleaningProfile.Ner,
        RecordShape.Preference => CleaningProfile.Preference,
        _ => CleaningProfile.Sft,
    };

    /// <summary>
    /// The sets below a folder: those asked for by parts of their names, else the seven that the documented tables are about,
    /// else every folder (or the folder itself) that holds records.
    /// </summary>
    public static IEnumerable<BenchSet> Find(string folder, string[] names)
    {
        if (!Directory.Exists(folder))
        {
            throw new UsageException($"there is no folder {folder}");
        }

        var folders = Directory.GetDirectories(folder).Order(StringComparer.Ordinal).ToList();
        var known = folders.Where(f => (names.Length > 0 ? names : Wanted).Any(n => Path.GetFileName(f).Contains(n, StringComparison.OrdinalIgnoreCase))).ToList();
        if (names.Length > 0 && known.Count == 0)
        {
            throw new UsageException($"no folder below {folder} is called like {string.Join(", ", names)}");
        }

        if (names.Length == 0 && known.Count > 0 && known.Count < folders.Count)
        {
            Console.Error.WriteLine($"not looked at, since --sets does not name them: {string.Join(", ", folders.Except(known).Select(Path.GetFileName))}");
        }

        return (known.Count > 0 ? known : [folder, .. folders]).Select(Read).OfType<BenchSet>();
    }

    private static BenchSet? Read(string folder)
    {
        var files = Directory.GetFiles(folder).Order(StringComparer.Ordinal)
            .Where(f => Extensions.Contains(Path.GetExtension(f)) && !Path.GetFileName(f).StartsWith("README", StringComparison.Ordinal) && !Path.GetFileName(f).StartsWith('.'))
            .ToList();
        var main = files.Find(f => Has(f, "train")) ?? files.Find(f => !Has(f, "test") && !Has(f, "dev") && !Has(f, "valid") && TryRead(f) is not null) ?? files.Find(f => TryRead(f) is not null);
        if (main is null || TryRead(main) is not { Count: >= 50 } records)
        {
            return null;
        }

        var test = files.Find(f => f != main && Has(f, "test") && TryRead(f) is [var first, ..] && first.Shape == records[0].Shape);
        if (test is not null)
        {
            return new BenchSet(Path.GetFileName(folder), records, [.. TryRead(test)!.Take(MostEvaluation)], Path.GetFileName(main));
        }

        var order = Enumerable.Range(0, records.Count).ToArray();
        new SeededRandom(1, RandomPurpose.PlantedNoise, 99).Shuffle<int>(order);
        var held = order.Take(Math.Min(MostEvaluation, records.Count / 20)).ToHashSet();
        return new BenchSet(
            Path.GetFileName(folder), [.. records.Where((_, i) => !held.Contains(i))], [.. records.Where((_, i) => held.Contains(i))], Path.GetFileName(main));
    }

    private static bool Has(string path, string part) => Path.GetFileName(path).Contains(part, StringComparison.OrdinalIgnoreCase);

    private static List<TrainingRecord>? TryRead(string path)
    {
        try
        {
            return [.. new DatasetReader().Read(path)];
        }
        catch (TrainToolsException e) when (e.ErrorId.StartsWith("Dataset", StringComparison.Ordinal))
        {
            return null;
        }
    }
}
