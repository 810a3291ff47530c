using System.Text.Json;
using System.Text.RegularExpressions;
using TrainTools.Core.Samples;
using TrainTools.Core.Tokenization;
using TrainTools.Core.Training;

namespace TrainTools.Bench.Diagnosis;

/// <summary>One example as text.</summary>
/// <param name="Prompt">What is given; empty for plain text.</param>
/// <param name="Text">What is learnt: the completion, or the text that is classified.</param>
/// <param name="Label">Class; null for language.</param>
internal sealed record Example(string Prompt, string Text, string? Label);

/// <summary>The rows of a trial, apart from each other.</summary>
/// <param name="Training">Rows that are trained on.</param>
/// <param name="Validation">Rows of the run's own evaluations.</param>
/// <param name="Test">Rows that say in the end how good the result is; the run never sees them.</param>
/// <param name="Labels">Names of the classes; empty for language.</param>
internal sealed record TrialData(IReadOnlyList<TrainingSample> Training, IReadOnlyList<TrainingSample> Validation, IReadOnlyList<TrainingSample> Test, IReadOnlyList<string> Labels);

/// <summary>Real data, cut into rows of at most <see cref="MaxLength"/> tokens. Cached: thousands of trials share it.</summary>
internal static partial class DataSets
{
    public const int MaxLength = 32;
    private const int ValidationRows = 40;
    private const int TestRows = 80;
    private const int TrainingRows = 480;

    /// <summary>Classes of a classification set at most: the commonest ones.</summary>
    private const int MostClasses = 8;

    private static readonly Dictionary<string, (string Kind, string Path)> Known = new(StringComparer.Ordinal)
    {
        ["shakespeare"] = ("text", Repository.PathOf("bench", "Tokenization", "tinyshakespeare.txt.gz")),
        ["gsm8k"] = ("jsonl", Repository.PathOf("tests", "TrainTools.Core.Tests", "Data", "Samples", "sft-gsm8k.jsonl.gz")),
        ["assistant"] = ("jsonl", Repository.PathOf("examples", "data", "assistant.jsonl")),
        ["sgd"] = ("chat", Repository.PathOf("tests", "TrainTools.Core.Tests", "Data", "Samples", "chat-sgd.jsonl.gz")),
        ["dolly"] = ("jsonl", Repository.PathOf("bench", "Diagnosis", "Data", "dolly.jsonl.gz")),
        ["sms"] = ("tsv", Repository.PathOf("tests", "TrainTools.Core.Tests", "Data", "Cleaning", "sms-spam.tsv.gz")),
        ["glaive"] = ("sharegpt", Repository.PathOf("tests", "TrainTools.Core.Tests", "Data", "Samples", "chat-glaive-toolcall.json.gz")),
        ["tweets"] = ("jsonl", Repository.PathOf("bench", "Diagnosis", "Data", "tweets.jsonl.gz")),
        ["banking77-others"] = ("tsv", Repository.PathOf("bench", "Diagnosis", "Data", "banking77-others.tsv.gz")),
        ["services"] = ("tsv", Repository.PathOf("bench", "Diagnosis", "Data", "services.tsv.gz")),
        ["banking77"] = ("csv", Repository.PathOf("bench", "Diagnosis", "Data", "banking77.csv.gz")),
    };

    private static readonly PretrainedTokenizer Tokenizer = PretrainedTokenizer.Load(Repository.PathOf("examples", "stories260k"));
    private static readonly Dictionary<string, List<Example>> Read = new(StringComparer.Ordinal);
    private static readonly Dictionary<(string, long), TrialData> Cut = [];

    public static IEnumerable<string> Names => Known.Keys;

    /// <summary>Whether a set is for classifiers.</summary>
    public static bool IsClassification(string name) => Examples(name)[0].Label is not null;

    /// <summary>The rows of a seed: others for each seed, drawn from the first 70 % of the set.</summary>
    public static TrialData For(string name, long seed)
    {
        if (Cut.TryGetValue((name, seed), out var known))
        {
            return known;
        }

        var all = Examples(name);
        var labels = all[0].Label is null ? [] : all.Select(e => e.Label!).Distinct().Order(StringComparer.Ordinal).ToArray();
        var pool = all[..(int)(0.7 * all.Count)].ToArray();
        new SeededRandom(1, RandomPurpose.ValidationSplit).Shuffle<Example>(pool);
        var samples = pool.Select((e, i) => Sample(e, i, labels)).Where(s => s.RowTargets is not null || s.SupervisedTokens > 1)
            .DistinctBy(s => string.Join(',', s.InputIds)).ToList();

        // The test rows are the same for every seed: what differs between two results is then the training.
        var test = samples[..TestRows];
        var others = samples[TestRows..].ToArray();
        new SeededRandom(seed, RandomPurpose.ValidationSplit).Shuffle<TrainingSample>(others);
        var data = new TrialData([.. others[ValidationRows..].Take(TrainingRows).Select((s, i) => s with { RecordIndexes = [i] })], others[..ValidationRows], test, labels);
        if (Cut.Count > 64)
        {
            Cut.Clear();
        }

        return Cut[(name, seed)] = data;
    }

    /// <summary>Rows of the last 30 % of a set, which no trial trains on.</summary>
    public static IEnumerable<TrainingSample> ForPretraining(string name)
    {
        var all = Examples(name);
        var labels = all[0].Label is null ? [] : all.Select(e => e.Label!).Distinct().Order(StringComparer.Ordinal).ToArray();
        return all[(int)(0.7 * all.Count)..].Select((e, i) => Sample(e, i, labels)).Where(s => s.RowTargets is not null || s.SupervisedTokens > 1);
    }

    private static TrainingSample Sample(Example example, int index, string[] labels)
    {
        if (example.Label is { } label)
        {
            var ids = Tokenizer.Encode(example.Text);
            ids = ids[..Math.Min(ids.Length, MaxLength)];
            return new TrainingSample { InputIds = ids, Labels = [.. ids.Select(_ => TrainingSample.Ignored)], RowTargets = [Array.IndexOf(labels, label)], RecordIndexes = [index] };
        }

        // The end of the prompt and the beginning of the answer: half a row each at most.
        int[] prompt = example.Prompt.Length == 0 ? [] : Tokenizer.Encode(example.Prompt, addSpecialTokens: false);
        int[] answer = [.. Tokenizer.Encode(example.Text, addSpecialTokens: false), Tokenizer.EosTokenId ?? 2];
        prompt = prompt[Math.Max(0, prompt.Length - (MaxLength / 2) + 1)..];
        answer = answer[..Math.Min(answer.Length, MaxLength - prompt.Length - 1)];
        int[] all = [Tokenizer.BosTokenId ?? 1, .. prompt, .. answer];
        return new TrainingSample
        {
            InputIds = all,
            Labels = [TrainingSample.Ignored, .. prompt.Select(_ => TrainingSample.Ignored), .. answer],
            RecordIndexes = [index],
        };
    }

    private static List<Example> Examples(string name)
    {
        if (Read.TryGetValue(name, out var known))
        {
            return known;
        }

        var (kind, path) = Known.TryGetValue(name, out var entry) ? entry : (Path.GetExtension(name.Replace(".gz", "", StringComparison.Ordinal)).TrimStart('.'), name);
        if (!File.Exists(path))
        {
            throw new ArgumentException($"There is no data set '{name}'. Known: {string.Join(", ", Known.Keys)}; or a path to a .jsonl, .txt, .tsv or .csv file.");
        }

        var examples = kind switch
        {
            "jsonl" => Repository.Lines(path).Select(FromJson),
            "chat" => Repository.Lines(path).SelectMany(FromChat),
            "sharegpt" => FromShareGpt(string.Join('\n', Repository.Lines(path))),
            "tsv" => Repository.Lines(path).Select(l => l.Split('\t', 2)).Where(p => p.Length == 2).Select(p => new Example("", p[1], p[0])),
            "csv" => Repository.Lines(path).Skip(1).Select(FromCsv).OfType<Example>(),
            _ => Repository.Lines(path).Where(l => l.Length > 0).Chunk(3).Select(c => new Example("", string.Join('\n', c), null)),
        };
        return Read[name] = Balanced([.. examples]);
    }

    // Of a classification set as many of each class, in turn; guessing then costs ln(classes).
    private static List<Example> Balanced(List<Example> examples)
    {
        if (examples.Count == 0 || examples[0].Label is null)
        {
            return examples;
        }

        var classes = examples.GroupBy(e => e.Label).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Take(MostClasses).Select(g => g.ToList()).ToList();
        var count = classes.Count == 2 ? classes.Min(c => c.Count) : classes.Max(c => c.Count);
        return [.. Enumerable.Range(0, count).SelectMany(i => classes.Where(c => i < c.Count).Select(c => c[i]))];
    }

    private static Example FromJson(string line)
    {
        using var json = JsonDocument.Parse(line);
        string? Text(params string[] names) => names.Select(n => json.RootElement.TryGetProperty(n, out var value) ? value.ToString() : null).FirstOrDefault(v => v is not null);
        var label = Text("label", "category");
        return label is not null ? new Example("", Text("text", "sentence") ?? "", label)
            : new Example(Text("prompt", "question", "instruction") ?? "", Text("completion", "answer", "response", "output", "text") ?? "", null);
    }

    private static IEnumerable<Example> FromChat(string line)
    {
        using var json = JsonDocument.Parse(line);
        var messages = json.RootElement.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("content").GetString() ?? "").ToList();
        return [.. messages.Chunk(2).Where(c => c.Length == 2).Take(6).Select(c => new Example($"User: {c[0]}\nAssistant:", " " + c[1], null))];
    }

    private static List<Example> FromShareGpt(string file)
    {
        using var json = JsonDocument.Parse(file);
        var examples = new List<Example>();
        foreach (var conversation in json.RootElement.EnumerateArray())
        {
            var turns = conversation.GetProperty("conversations").EnumerateArray().Select(t => (From: t.GetProperty("from").GetString(), Value: t.GetProperty("value").GetString() ?? "")).ToList();
            examples.AddRange(turns.Zip(turns.Skip(1)).Where(p => p.First.From == "human" && p.Second.From == "gpt").Select(p => new Example($"User: {p.First.Value}\nAssistant:", " " + p.Second.Value, null)));
        }

        return examples;
    }

    private static Example? FromCsv(string line)
    {
        var match = CsvLine().Match(line);
        return match.Success ? new Example("", match.Groups[1].Value.Trim('"').Replace("\"\"", "\"", StringComparison.Ordinal), match.Groups[2].Value) : null;
    }

    [GeneratedRegex("^(\".*\"|[^,\"]*),([^,\"]+)$")]
    private static partial Regex CsvLine();
}
