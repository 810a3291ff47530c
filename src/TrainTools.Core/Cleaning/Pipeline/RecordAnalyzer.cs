using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Duplicates;
using TrainTools.Core.Cleaning.LabelErrors;
using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Cleaning.Scores;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Pipeline;

/// <summary>All that the first pass finds out about one record.</summary>
internal sealed record RecordAnalysis(TrainingRecord Record, Finding[] Findings, RecordLength Length, RecordKeys Keys)
{
    /// <summary>For near duplicates; null where they are not looked for.</summary>
    public NearDuplicateSignature? Signature { get; init; }

    /// <summary>Prompt, chosen and rejected answer of a preference record.</summary>
    public (ulong Prompt, ulong Chosen, ulong Rejected) Preference { get; init; }

    /// <summary>How the answer ends.</summary>
    public AnswerEnd Ending { get; init; }

    /// <summary>Place of the answer's last word among the words of the set; -1 where it ends in none.</summary>
    public int LastWord { get; init; }

    /// <summary>Hashes of the answer's first and last line; 0 where a line is short.</summary>
    public (ulong First, ulong Last) Lines { get; init; }

    /// <summary>Features for the built-in classifier; null where it is not used.</summary>
    public int[]? Features { get; init; }

    /// <summary>Difficulty or quality, low = easy or good.</summary>
    public double Score { get; init; }
}

/// <summary>The first pass over a record: repairs, checks, measures, hashes. Safe to use from several threads.</summary>
internal sealed class RecordAnalyzer
{
    private const int LeastLine = 20;
    private readonly CleaningOptions _options;
    private readonly RuleSettings _settings;
    private readonly IRecordCheck[] _checks;
    private readonly TextRepairs _repairs;
    private readonly LengthMeasure _length;
    private readonly SignatureBuilder? _signatures;
    private readonly bool _features;
    private readonly RecordScorer _scorer;
    private readonly WordPresence? _words;

    public RecordAnalyzer(CleaningOptions options, RuleSettings settings, SignatureBuilder? signatures, ContaminationCheck? contamination, RecordScorer scorer)
    {
        _options = options;
        _settings = settings;
        _signatures = signatures;
        _scorer = scorer;
        _words = settings.IsOn(CleaningRules.CutOff) ? new WordPresence() : null;
        _repairs = new TextRepairs(settings);
        _length = new LengthMeasure(options.Tokenizer, options.MaxLength);
        _features = settings.IsOn(CleaningRules.LabelError) && options.ProbabilityPath is null;
        var checks = new List<IRecordCheck> { new StructureCheck(options.Normalization) };
        AddIf(checks, new TemplateTokenCheck([]), CleaningRules.SpecialToken, CleaningRules.RoleMarker);
        AddIf(checks, new QualityCheck(), CleaningRules.Repetition, CleaningRules.FewLetters, CleaningRules.Symbols, CleaningRules.ReplacementCharacter);
        AddIf(checks, new HtmlCheck(), CleaningRules.HtmlTags, CleaningRules.HtmlEntities);
        AddIf(checks, new BoilerplateCheck(), CleaningRules.Boilerplate);
        AddIf(checks, new LanguageCheck(options.Languages, options.Scripts), CleaningRules.Language, CleaningRules.Script);
        AddIf(checks, new WebCheck(), [.. CleaningRules.All.Where(r => r.Check == "web")]);
        if (contamination is not null)
        {
            checks.Add(contamination);
        }

        _checks = [.. checks];
    }

    /// <summary>The record as it is kept: repaired and masked.</summary>
    public TrainingRecord Repair(TrainingRecord record) => _repairs.Apply(record, RecordView.Of(record), new FindingSink(_settings));

    /// <summary>The words of the records looked at; null where the rule that needs them is off.</summary>
    public WordPresence? Words => _words;

    /// <summary>Looks at a record.</summary>
    public RecordAnalysis Analyze(TrainingRecord original)
    {
        var sink = new FindingSink(_settings);
        var view = RecordView.Of(original);
        var record = _repairs.Apply(original, view, sink);
        view = ReferenceEquals(record, original) ? view : RecordView.Of(record);
        foreach (var check in _checks)
        {
            check.Check(view, sink);
        }

        var length = _length.Measure(view);
        _length.Check(view, length, sink);
        var texts = NormalizedTexts.Of(view, _options.Normalization);
        var keys = RecordKeys.Of(view, texts);
        var findings = sink.Take();
        return new RecordAnalysis(record, findings, length, keys)
        {
            Signature = Signature(view, texts),
            Preference = Preference(view, keys.Input),
            LastWord = LastWord(view),
            Ending = view.Record.Shape is RecordShape.Text or RecordShape.Classification ? default : AnswerEnding.Of(Answer(view)),
            Lines = Lines(view),
            Features = _features && record.Shape == RecordShape.Classification && record.Label is not null ? HashedNGrams.Of(view.Input) : null,
            Score = _scorer.Score(view, length, findings),
        };
    }

    private void AddIf(List<IRecordCheck> checks, IRecordCheck check, params ReadOnlySpan<CleaningRule> rules)
    {
        if (_settings.AnyOn(rules))
        {
            checks.Add(check);
        }
    }

    private NearDuplicateSignature? Signature(RecordView view, NormalizedTexts texts)
    {
        if (_signatures is null)
        {
            return null;
        }

        return _options.NearDuplicates.Normalization == _options.Normalization
            ? _signatures.BuildNormalized(texts.Whole)
            : _signatures.Build(view.Input, view.Output);
    }

    private (ulong, ulong, ulong) Preference(RecordView view, ulong input)
    {
        if (view.Record.Shape != RecordShape.Preference)
        {
            return default;
        }

        var (chosen, rejected) = view.Answers();
        return (input, Key(chosen), Key(rejected));

        ulong Key(string text) => RecordKeys.Hash(TextNormalizer.Normalize(text, _options.Normalization));
    }

    private int LastWord(RecordView view)
    {
        if (_words is null || Answer(view) is not { } answer)
        {
            return -1;
        }

        _words.Add(view.Input);
        return _words.Add(answer.AsSpan().TrimEnd());
    }

    private static string? Answer(RecordView view) =>
        view.Output is null ? null : view.Record.Shape == RecordShape.Preference ? view.Answers().Chosen : view.Output;

    private static (ulong First, ulong Last) Lines(RecordView view)
    {
        var answer = view.Record.Shape == RecordShape.Text ? view.Input : Answer(view);
        if (answer is null)
        {
            return default;
        }

        var text = answer.AsSpan().Trim();
        var end = text.IndexOf('\n');
        var start = text.LastIndexOf('\n');
        return end < 0 ? default : (Line(text[..end]), Line(text[(start + 1)..]));
    }

    private static ulong Line(ReadOnlySpan<char> line)
    {
        line = line.Trim();
        return line.Length < LeastLine ? 0 : RecordKeys.Hash(line);
    }
}
