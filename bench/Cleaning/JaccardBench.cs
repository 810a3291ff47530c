using System.Diagnostics;
using System.Globalization;
using TrainTools.Core.Cleaning.Duplicates;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;

namespace TrainTools.Bench.Cleaning;

/// <summary>Near duplicates by MinHash and LSH beside the exact Jaccard similarity of all pairs.</summary>
internal static class JaccardBench
{
    public static int Run(Arguments arguments)
    {
        var texts = Texts(arguments.Required("texts"), arguments.Required("field"));
        var truth = Truth(arguments.Required("truth"), texts.Count);
        var floor = truth.Count == 0 ? 0 : truth.Values.Min();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{texts.Count:N0} texts, {truth.Count:N0} pairs of similarity {floor:F2} or more\n"));
        var table = new Table(0, "threshold", "bands", "rows", "true pairs", "candidates", "compared", "found", "recall", "precision", "largest error", "s");
        var failed = false;
        foreach (var threshold in arguments.List("thresholds", [0.6, 0.7, 0.8, 0.9]))
        {
            var options = new NearDuplicateOptions
            {
                Threshold = threshold,
                ShingleSize = arguments.Optional("shingle", 5),
                Permutations = arguments.Optional("permutations", 128),
                Normalization = arguments.Choice("normalization", TextNormalization.Lowercase),
            };
            var watch = Stopwatch.StartNew();
            using var index = new NearDuplicateIndex(options, threshold, 4L << 30);
            texts.ForEach(text => index.Add(index.Builder.Build(text, null)));
            var found = index.AllPairs().ToDictionary(m => (m.Kept, m.Record), m => m.Similarity.Overall);
            var seconds = watch.Elapsed.TotalSeconds;

            var wanted = truth.Where(t => t.Value >= threshold).Select(t => t.Key).ToHashSet();
            var right = found.Keys.Count(wanted.Contains);
            var error = found.Where(f => truth.ContainsKey(f.Key)).Select(f => Math.Abs(f.Value - truth[f.Key])).DefaultIfEmpty().Max();
            var precision = found.Count == 0 ? 1 : (double)right / found.Count;
            table.Add(
                threshold, options.Banding.Bands, options.Banding.Rows, wanted.Count, index.Candidates, index.Compared, found.Count,
                wanted.Count == 0 ? 1 : (double)right / wanted.Count, precision, error.ToString("0e+0", CultureInfo.InvariantCulture), seconds);
            if (threshold >= floor && precision < 1)
            {
                failed = true;
                foreach (var (i, j) in found.Keys.Where(p => !wanted.Contains(p)).Take(5))
                {
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"not in the truth at {threshold}: {i}, {j} ({found[(i, j)]:F6})"));
                }
            }
        }

        table.Print();
        return failed ? 1 : 0;
    }

    /// <summary>The texts of one field, a row each; a row that cannot be read keeps its number with an empty text.</summary>
    private static List<string> Texts(string path, string field)
    {
        var texts = new List<string>();
        var reader = new DatasetReader(new DatasetReaderOptions
        {
            Shape = DatasetFormat.Text,
            TextField = field,
            OnProblem = problem =>
            {
                Console.Error.WriteLine(problem.ToException().Message);
                texts.Add("");
            },
        });
        foreach (var record in reader.Read(path))
        {
            texts.Add(record.Text!);
        }

        return texts;
    }

    private static Dictionary<(int, int), double> Truth(string path, int count)
    {
        var truth = new Dictionary<(int, int), double>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var cells = line.Split('\t');
            if (cells.Length < 4 || !int.TryParse(cells[0], CultureInfo.InvariantCulture, out var i))
            {
                if (number > 1 && line.Length > 0)
                {
                    throw new UsageException($"{path}({number}): not i, j, intersection, union");
                }

                continue;
            }

            var j = int.Parse(cells[1], CultureInfo.InvariantCulture);
            if (Math.Max(i, j) >= count)
            {
                throw new UsageException($"{path}({number}): row {Math.Max(i, j)} is asked for, and there are {count} texts");
            }

            truth[(Math.Min(i, j), Math.Max(i, j))] = double.Parse(cells[2], CultureInfo.InvariantCulture) / double.Parse(cells[3], CultureInfo.InvariantCulture);
        }

        return truth;
    }
}
