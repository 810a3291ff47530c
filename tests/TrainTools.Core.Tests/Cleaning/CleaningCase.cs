using TrainTools.Core.Cleaning;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Data;
using TrainTools.Core.Tests.Datasets;

namespace TrainTools.Core.Tests.Cleaning;

/// <summary>Cleaning runs over a few lines of JSON.</summary>
internal static class CleaningCase
{
    public static List<TrainingRecord> Records(params string[] lines)
    {
        using var folder = new TempFolder();
        return [.. new DatasetReader(new() { Strict = true }).Read(folder.Write("records.jsonl", string.Join('\n', lines)))];
    }

    public static CleaningRun Run(CleaningOptions options, params string[] lines) => Run(options, Records(lines));

    public static CleaningRun Run(CleaningOptions options, IReadOnlyList<TrainingRecord> records) => new DatasetCleaner(options).Run(new MemorySource(records));

    /// <summary>Record, rule and action of each verdict that does something.</summary>
    public static (long Index, string Rule, CleaningAction Action)[] Acting(this CleaningRun run) =>
        [.. run.Verdicts.Where(v => v.Action != CleaningAction.None).Select(v => (v.Index, v.Rule, v.Action))];

    public static string Pair(string prompt, string completion) =>
        System.Text.Json.JsonSerializer.Serialize(new { prompt, completion });

    /// <summary>Records with plain prompts and answers that no rule finds anything in.</summary>
    public static IEnumerable<string> Plain(int count) => Enumerable.Range(0, count).Select(i =>
    {
        string[] subjects = ["river", "engine", "garden", "teacher", "market", "violin", "mountain"];
        string[] verbs = ["crosses", "repairs", "paints", "forgets", "measures"];
        var (a, b, c) = (subjects[i % 7], verbs[i % 5], subjects[(i / 7) % 7]);
        return Pair($"Write about how the {a} {b} the {c}, part {Word(i)}.", $"Once the {a} {b} the {c} in the valley of {Word(i * 31)}, and {Word(i * 17)} came of it.");
    });

    /// <summary>A made-up word, another for each number.</summary>
    private static string Word(int number)
    {
        var word = "";
        for (var n = number + 1000; n > 0; n /= 20)
        {
            word += "bcdfghjklmnpqrstvwxz"[n % 20] + "aeiou"[(n / 7) % 5].ToString();
        }

        return word;
    }

    private sealed class MemorySource(IReadOnlyList<TrainingRecord> records) : IRecordSource
    {
        public IReadOnlyList<string> Files => [];

        public IEnumerable<TrainingRecord> Read(CancellationToken cancellationToken) => records;
    }
}
