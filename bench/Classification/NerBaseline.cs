using TrainTools.Core.Data;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Training;

namespace TrainTools.Bench.Classification;

/// <summary>An averaged perceptron that tags each word by a bag of features of it and its neighbours.</summary>
internal static class NerBaseline
{
    private const int Buckets = 1 << 20;
    private const int Epochs = 8;

    public static ClassScore Run(string training, string test)
    {
        var sentences = Read(training);
        string[] tags = [.. sentences.SelectMany(s => s.Tags!).Distinct().Order(StringComparer.Ordinal)];
        var number = tags.Select((t, i) => (t, i)).ToDictionary(p => p.t, p => p.i);
        var (weights, totals, stamps) = (new float[Buckets * tags.Length], new double[Buckets * tags.Length], new int[Buckets * tags.Length]);
        var words = sentences.SelectMany(s => s.Tokens!.Select((_, i) => (Features: Features(s.Tokens!, i), Tag: number[s.Tags![i]]))).ToArray();
        var now = 0;
        void Add(int at, float value)
        {
            totals[at] += (double)weights[at] * (now - stamps[at]);
            stamps[at] = now;
            weights[at] += value;
        }

        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            new SeededRandom(1, RandomPurpose.RowOrder, epoch).Shuffle<(int[] Features, int Tag)>(words);
            foreach (var (features, tag) in words)
            {
                now++;
                var guess = Best(features, tags.Length, at => weights[at]);
                if (guess != tag)
                {
                    foreach (var feature in features)
                    {
                        Add((feature * tags.Length) + tag, 1);
                        Add((feature * tags.Length) + guess, -1);
                    }
                }
            }
        }

        var scorer = new SpanScorer();
        foreach (var sentence in Read(test))
        {
            scorer.Add(sentence.Tags!, [.. sentence.Tokens!.Select((_, i) => tags[Best(Features(sentence.Tokens!, i), tags.Length, at => totals[at] + ((double)weights[at] * (now - stamps[at])))])]);
        }

        return scorer.Overall;
    }

    private static List<TrainingRecord> Read(string path) => [.. new DatasetReader(new DatasetReaderOptions { FileFormat = DatasetFileFormat.Conll, Strict = true }).Read([path])];

    private static int Best(int[] features, int tags, Func<int, double> weight)
    {
        var (best, most) = (0, double.NegativeInfinity);
        for (var tag = 0; tag < tags; tag++)
        {
            var score = features.Sum(f => weight((f * tags) + tag));
            (best, most) = score > most ? (tag, score) : (best, most);
        }

        return best;
    }

    private static int[] Features(IReadOnlyList<string> words, int i)
    {
        string At(int place) => place < 0 ? "<s>" : place >= words.Count ? "</s>" : words[place];
        string Shape(string word) => string.Concat(word.Select(c => char.IsUpper(c) ? 'X' : char.IsLower(c) ? 'x' : char.IsDigit(c) ? 'd' : c).Aggregate("", (s, c) => s.EndsWith(c) ? s : s + c));
        var word = words[i];
        var low = word.ToLowerInvariant();
        string[] features =
        [
            "bias", "w=" + low, "s=" + Shape(word), "p3=" + low[..Math.Min(3, low.Length)], "e3=" + low[Math.Max(0, low.Length - 3)..], "e2=" + low[Math.Max(0, low.Length - 2)..],
            "-1=" + At(i - 1).ToLowerInvariant(), "+1=" + At(i + 1).ToLowerInvariant(), "-1s=" + Shape(At(i - 1)), "+1s=" + Shape(At(i + 1)), "-2=" + At(i - 2).ToLowerInvariant(), "+2=" + At(i + 2).ToLowerInvariant(),
        ];
        return [.. features.Select(f => (int)(System.IO.Hashing.XxHash3.HashToUInt64(System.Text.Encoding.UTF8.GetBytes(f)) % Buckets))];
    }
}
