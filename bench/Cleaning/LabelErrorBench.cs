using System.Text.Json;
using TrainTools.Core.Cleaning.LabelErrors;

namespace TrainTools.Bench.Cleaning;

/// <summary>Confident learning beside golden results and the votes of people.</summary>
internal static class LabelErrorBench
{
    private const string Probabilities = "_pyx.npy";
    private const string TestSet = "_test_set";

    public static int Run(Arguments arguments)
    {
        var folder = arguments.Value("FOLDER");
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*" + Probabilities).Order(StringComparer.Ordinal).ToList() : [];
        if (files.Count == 0)
        {
            throw new UsageException($"{folder} holds no files <set>{TestSet}{Probabilities}");
        }

        var goldenPath = Path.Combine(folder, "golden.json");
        using var golden = File.Exists(goldenPath) ? JsonDocument.Parse(File.ReadAllBytes(goldenPath)) : null;
        var method = arguments.Choice("method", LabelErrorMethod.PruneByNoiseRate);
        var agreement = new Table(1, "set", "rows", "classes", "noise", "suspects", "golden", "thresholds", "joint", "rows", "by self-confidence", "by margin");
        var people = new Table(1, "set", "method", "suspects", "of them reviewed", "confirmed", "precision", "confirmed in all", "recall");
        var failed = false;
        foreach (var file in files)
        {
            var stem = Path.GetFileName(file)[..^Probabilities.Length];
            var set = stem.EndsWith(TestSet, StringComparison.Ordinal) ? stem[..^TestSet.Length] : stem;
            var data = Load(file, Path.Combine(folder, stem + "_original_labels.npy"));
            var learning = new ConfidentLearning(data);
            var suspects = learning.Suspects(method);
            JsonElement expected = default;
            var known = golden?.RootElement.TryGetProperty(set, out expected) == true;
            var checks = known ? Compare(expected, data, learning, learning.Suspects()) : null;
            failed |= checks?.Contains("differ") == true;
            agreement.Add(
                set, data.Rows, data.Classes, learning.NoiseRate, learning.Suspects().Length, known ? Ints(expected, "flagged_indices_by_ascending_margin").Length : null,
                checks?[0], checks?[1], checks?[2], checks?[3], checks?[4]);
            var votes = Votes(Path.Combine(folder, $"{set}_mturk.json"));
            if (votes is null)
            {
                continue;
            }

            foreach (var one in Enum.GetValues<LabelErrorMethod>())
            {
                var chosen = learning.Suspects(one);
                var reviewed = chosen.Where(votes.ContainsKey).ToList();
                var confirmed = reviewed.Count(row => votes[row]);
                var all = votes.Values.Count(v => v);
                people.Add(set, one, chosen.Length, reviewed.Count, confirmed, (double)confirmed / Math.Max(1, reviewed.Count), all, (double)confirmed / Math.Max(1, all));
            }
        }

        Console.WriteLine(golden is null ? "no golden.json beside the sets: nothing to compare with\n" : "Beside golden.json (prune by noise rate):\n");
        agreement.Print();
        Console.WriteLine("Beside people: an error is confirmed where fewer than three of five voted for the given label.\n");
        people.Print();
        return failed ? 1 : 0;
    }

    private static ClassProbabilities Load(string probabilities, string labels)
    {
        var values = NpyFile.Read(probabilities);
        return new ClassProbabilities([.. NpyFile.Read(labels).Values.Select(v => (int)v)], values.Values, values.Columns);
    }

    private static string[] Compare(JsonElement golden, ClassProbabilities data, ConfidentLearning learning, int[] suspects) =>
    [
        Said(!golden.TryGetProperty("class_thresholds", out var t)
            || t.EnumerateArray().Select((v, k) => Math.Abs(v.GetDouble() - learning.Thresholds[k])).All(d => d < 1e-9)),
        Said(!golden.TryGetProperty("confident_joint_calibrated", out var joint)
            || joint.EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetInt32())).Zip(learning.Joint).All(p => p.First.SequenceEqual(p.Second))),
        Said(Ints(golden, "flagged_indices_by_ascending_self_confidence").Order().SequenceEqual(suspects)),
        Said(SameOrder(Ints(golden, "flagged_indices_by_ascending_self_confidence"), suspects, data.SelfConfidence)),
        Said(SameOrder(Ints(golden, "flagged_indices_by_ascending_margin"), suspects, data.Margin)),
    ];

    private static string Said(bool equal) => equal ? "equal" : "differ";

    /// <summary>Index for index, where rows of equal score may stand in any order.</summary>
    private static bool SameOrder(int[] golden, int[] suspects, Func<int, double> score)
    {
        var ours = suspects.OrderBy(score).ToArray();
        return golden.Length == ours.Length && golden.Select(score).SequenceEqual(ours.Select(score)) && golden.Order().SequenceEqual(ours.Order());
    }

    private static int[] Ints(JsonElement golden, string name) =>
        golden.TryGetProperty(name, out var list) ? [.. list.EnumerateArray().Select(v => v.GetInt32())] : [];

    /// <summary>For each reviewed row whether the error was confirmed.</summary>
    private static Dictionary<int, bool>? Votes(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var votes = JsonDocument.Parse(File.ReadAllBytes(path));
        var result = new Dictionary<int, bool>();
        foreach (var item in votes.RootElement.EnumerateArray())
        {
            // Ids are row numbers, in some sets as text that may carry a folder and an extension.
            var id = item.GetProperty("id");
            var row = id.ValueKind == JsonValueKind.Number ? id.GetInt32() : int.TryParse(id.GetString(), out var parsed) ? parsed : -1;
            if (row >= 0)
            {
                result[row] = item.GetProperty("mturk").GetProperty("given").GetInt32() < 3;
            }
        }

        return result.Count > 0 ? result : null;
    }
}
