using TrainTools.Core.Cleaning;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Data.Statistics;

/// <summary>Measures a data set.</summary>
public sealed class DatasetMeasurer(ITextTokenizer? tokenizer = null, bool duplicates = true)
{
    /// <summary>Labels and other names counted at most; what comes later is counted together.</summary>
    private const int MaxNames = 100_000;

    private static readonly string[] DuplicateRules =
        ["duplicate.exact", "duplicate.near", "conflict.label", "conflict.tags", "conflict.answer", "conflict.preference", "conflict.cycle"];

    private readonly Dictionary<string, long> _shapes = [];
    private readonly Dictionary<string, long> _roles = [];
    private readonly Dictionary<string, long> _labels = [];
    private readonly Dictionary<string, long> _languages = [];
    private readonly long[] _scripts = new long[Scripts.Names.Count];
    private readonly LengthCounter _promptCharacters = new("prompt characters");
    private readonly LengthCounter _answerCharacters = new("answer characters");
    private readonly LengthCounter _characters = new("record characters");
    private readonly LengthCounter _promptTokens = new("prompt tokens");
    private readonly LengthCounter _answerTokens = new("answer tokens");
    private readonly LengthCounter _tokens = new("record tokens");
    private long _answered;
    private long _all;
    private long _records;

    /// <summary>Reads all records and measures them. Duplicates and conflicts take a second pass.</summary>
    public DatasetStatistics Measure(IRecordSource source, CancellationToken cancellationToken = default)
    {
        foreach (var record in source.Read(cancellationToken))
        {
            Add(record);
        }

        var rates = duplicates ? Rates(source, cancellationToken) : default;
        return new DatasetStatistics
        {
            Records = _records,
            BadLines = source is FileRecordSource files ? files.Problems : 0,
            Shapes = Counts(_shapes),
            Roles = Counts(_roles),
            Labels = Counts(_labels),
            Languages = Counts(_languages),
            Scripts = Counts(Scripts.Names.Zip(_scripts).Where(s => s.Second > 0).ToDictionary(s => s.First, s => s.Second)),
            Lengths = [.. new[] { _promptTokens, _answerTokens, _tokens, _promptCharacters, _answerCharacters, _characters }.Select(c => c.Distribution()).OfType<LengthDistribution>()],
            SupervisedShare = _all == 0 ? null : (double)_answered / _all,
            DuplicateRate = rates.Exact,
            NearDuplicateRate = rates.Near,
            ConflictRate = rates.Conflict,
        };
    }

    private (double? Exact, double? Near, double? Conflict) Rates(IRecordSource source, CancellationToken cancellationToken)
    {
        if (_records == 0)
        {
            return default;
        }

        var options = new CleaningOptions
        {
            Include = DuplicateRules,
            Conflicts = ConflictPolicy.None,
            Actions = DuplicateRules.ToDictionary(r => r, r => r.StartsWith("conflict", StringComparison.Ordinal) ? CleaningAction.Flag : CleaningAction.Remove),
        };
        using var run = new DatasetCleaner(options).Run(source, null, cancellationToken);
        var byRule = run.Verdicts.Where(v => v.Action != CleaningAction.None).GroupBy(v => v.Rule).ToDictionary(g => g.Key, g => g.Select(v => v.Index).ToHashSet());
        var conflicts = byRule.Where(r => r.Key.StartsWith("conflict", StringComparison.Ordinal)).SelectMany(r => r.Value).Distinct().Count();
        return (Share("duplicate.exact"), Share("duplicate.near"), (double)conflicts / _records);

        double Share(string rule) => byRule.TryGetValue(rule, out var records) ? (double)records.Count / _records : 0;
    }

    private void Add(TrainingRecord record)
    {
        _records++;
        Count(_shapes, record.Shape.ToString());
        var view = RecordView.Of(record);
        foreach (var part in view.Parts)
        {
            if (record.Shape is RecordShape.Messages or RecordShape.ConversationalPromptCompletion or RecordShape.Preference)
            {
                Count(_roles, part.Role);
            }

            var scripts = Scripts.Count(part.Text);
            for (var i = 0; i < scripts.Length; i++)
            {
                _scripts[i] += scripts[i];
            }
        }

        foreach (var label in record.Labels ?? (record.Label is null ? [] : [record.Label]))
        {
            Count(_labels, label);
        }

        foreach (var tag in record.Tags ?? [])
        {
            if (tag != "O")
            {
                Count(_labels, tag);
            }
        }

        Count(_languages, LanguageGuess.Of(string.Join('\n', view.Parts.Select(p => p.Text))) ?? "?");
        Lengths(view);
    }

    private void Lengths(RecordView view)
    {
        var answers = view.Parts.Where(p => p.IsAnswer).ToList();
        var others = view.Parts.Where(p => !p.IsAnswer).ToList();
        var (prompt, answer) = (others.Sum(p => p.Text.Length), answers.Sum(p => p.Text.Length));
        Put(_promptCharacters, _answerCharacters, _characters, prompt, answer, others.Count > 0, answers.Count > 0);
        if (tokenizer is not null)
        {
            prompt = others.Sum(p => tokenizer.Encode(p.Text, addSpecialTokens: false).Length);
            answer = answers.Sum(p => tokenizer.Encode(p.Text, addSpecialTokens: false).Length);
            Put(_promptTokens, _answerTokens, _tokens, prompt, answer, others.Count > 0, answers.Count > 0);
        }

        if (answers.Count > 0)
        {
            _answered += answer;
            _all += prompt + answer;
        }
    }

    private static void Put(LengthCounter prompts, LengthCounter answers, LengthCounter whole, int prompt, int answer, bool hasPrompt, bool hasAnswer)
    {
        if (hasPrompt && hasAnswer)
        {
            prompts.Add(prompt);
            answers.Add(answer);
        }

        whole.Add(prompt + answer);
    }

    private static void Count(Dictionary<string, long> counts, string name)
    {
        if (counts.Count >= MaxNames && !counts.ContainsKey(name))
        {
            name = "(others)";
        }

        counts[name] = counts.GetValueOrDefault(name) + 1;
    }

    private static List<NamedCount> Counts(Dictionary<string, long> counts)
    {
        var total = counts.Values.Sum();
        return [.. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Select(c => new NamedCount(c.Key, c.Value, (double)c.Value / total))];
    }
}
