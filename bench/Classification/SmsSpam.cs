using System.Text.Json;
using TrainTools.Core.Training;

namespace TrainTools.Bench.Classification;

/// <summary>The SMS spam collection, parted.</summary>
internal static class SmsSpam
{
    /// <summary>Four fifths to train on and one to test on, of texts that differ; some training labels flipped.</summary>
    public static (string Training, string Test) Split(string path, string folder, long seed, double noise)
    {
        (string Label, string Text)[] rows = [.. File.ReadLines(path).Select(l => l.Split('\t', 2)).Where(c => c.Length == 2).Select(c => (c[0], c[1].Trim())).DistinctBy(r => r.Item2)];
        var random = new SeededRandom(seed, RandomPurpose.PlantedNoise);
        random.Shuffle<(string Label, string Text)>(rows);
        var held = rows.Length / 5;
        string Write(string name, IEnumerable<(string Label, string Text)> some)
        {
            var file = Path.Combine(folder, $"{name}-{seed}-{noise}.jsonl");
            File.WriteAllLines(file, some.Select(r => JsonSerializer.Serialize(new { text = r.Text, label = r.Label })));
            return file;
        }

        var flipped = rows[held..].Select(r => random.NextDouble() < noise ? (r.Label == "ham" ? "spam" : "ham", r.Text) : r).ToList();
        return (Write("train", flipped), Write("test", rows[..held]));
    }
}
