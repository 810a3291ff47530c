using System.IO.Enumeration;
using System.Text.Json.Serialization;

using TrainTools.Core.Cleaning.Duplicates;
using TrainTools.Core.Cleaning.LabelErrors;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Cleaning;

/// <summary>How a data set is cleaned.</summary>
public sealed record CleaningOptions
{
    /// <summary>Defaults of all rules.</summary>
    public CleaningProfile Profile { get; init; }

    /// <summary>Rules or checks to look at, as wildcards over ids (duplicate.*, pii.email); empty = those the profile has on.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Rules or checks to leave out.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Thresholds by rule id that replace the defaults.</summary>
    public IReadOnlyDictionary<string, double> Thresholds { get; init; } = new Dictionary<string, double>();

    /// <summary>Actions by rule id (or wildcard) that replace the defaults; a rule given an action is on.</summary>
    public IReadOnlyDictionary<string, CleaningAction> Actions { get; init; } = new Dictionary<string, CleaningAction>();

    /// <summary>What is made equal before records are compared for exact duplicates and conflicts.</summary>
    public TextNormalization Normalization { get; init; } = TextNormalization.Standard;

    /// <summary>How near duplicates are found; its threshold is that of the rule duplicate.near.</summary>
    public NearDuplicateOptions NearDuplicates { get; init; } = new();

    /// <summary>Which duplicate stays.</summary>
    public KeepPolicy Keep { get; init; }

    /// <summary>What happens to conflicts; null = majority for labels and answers, all dropped for preferences.</summary>
    public ConflictPolicy? Conflicts { get; init; }

    /// <summary>How label errors are chosen.</summary>
    public LabelErrorMethod LabelErrorMethod { get; init; }

    /// <summary>Folds of the built-in classifier.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>A .npy file with out-of-fold probabilities (records × classes, classes in ordinal order of their names), which turns label.error on; null = the built-in classifier.</summary>
    public string? ProbabilityPath { get; init; }

    /// <summary>Counts tokens; null = words are counted.</summary>
    [JsonIgnore]
    public ITextTokenizer? Tokenizer { get; init; }

    /// <summary>Folder the tokenizer was loaded from, for reports.</summary>
    public string? TokenizerPath { get; init; }

    /// <summary>Longest sample in tokens; null = not checked.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Evaluation files that the records must not contain.</summary>
    public IReadOnlyList<string> EvaluationPaths { get; init; } = [];

    /// <summary>How they are read. A file without the fields named here is read by the usual names.</summary>
    [JsonIgnore]
    public DatasetReaderOptions EvaluationReader { get; init; } = new();

    /// <summary>Words an n-gram of the contamination check.</summary>
    public int ContaminationNGram { get; init; } = 8;

    /// <summary>Languages to keep (ISO 639-1); empty = not checked.</summary>
    public IReadOnlyList<string> Languages { get; init; } = [];

    /// <summary>Scripts to keep (Latin, Cyrillic, Han, …); empty = not checked.</summary>
    public IReadOnlyList<string> Scripts { get; init; } = [];

    /// <summary>Score written into the records for a curriculum; null = none.</summary>
    public ScoreKind? Score { get; init; }

    /// <summary>A file with one loss a record, for <see cref="ScoreKind.Loss"/>.</summary>
    public string? LossPath { get; init; }

    /// <summary>Kept records by ascending score (easy first) instead of their order in the input.</summary>
    public bool OrderByScore { get; init; }

    /// <summary>Bytes that signatures, hashes and texts may hold in memory before they go to temporary files.</summary>
    public long MemoryLimit { get; init; } = 1L << 30;

    /// <summary>Threads; 0 = one for each processor.</summary>
    public int Threads { get; init; }

    /// <summary>Seed of folds and hash functions.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>Threshold of a rule.</summary>
    public double Threshold(CleaningRule rule)
    {
        foreach (var (id, value) in Thresholds)
        {
            if (rule.Id.Equals(id, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return rule == CleaningRules.NearDuplicate ? NearDuplicates.Threshold
            : rule == CleaningRules.TooLong && MaxLength is { } longest ? longest
            : rule.Threshold;
    }

    /// <summary>Action of a rule.</summary>
    public CleaningAction Action(CleaningRule rule) => Given(rule) ?? Default(rule);

    /// <summary>Whether a rule is looked at.</summary>
    public bool IsOn(CleaningRule rule)
    {
        if (Matches(Exclude, rule))
        {
            return false;
        }

        return Include.Count > 0 ? Matches(Include, rule) || Given(rule) is not null : Action(rule) != CleaningAction.None;
    }

    /// <summary>Refuses ids and values that no rule knows.</summary>
    /// <exception cref="TrainToolsException">CleaningOptionInvalid.</exception>
    public void Validate()
    {
        foreach (var pattern in Include.Concat(Exclude).Concat(Thresholds.Keys).Concat(Actions.Keys))
        {
            if (!CleaningRules.All.Any(r => Matches(pattern, r)))
            {
                throw Invalid($"No rule is called '{pattern}'.", $"Known rules: {string.Join(", ", CleaningRules.All.Select(r => r.Id))}.");
            }
        }

        Require(NearDuplicates.Threshold is > 0 and <= 1 && Threshold(CleaningRules.NearDuplicate) is > 0 and <= 1, "The threshold of near duplicates must lie above 0 and up to 1.");
        Require(NearDuplicates.ShingleSize is >= 1 and <= 64, "The shingle size must lie between 1 and 64.");
        Require(NearDuplicates.Permutations is >= 8 and <= 1024, "The number of permutations must lie between 8 and 1024.");
        Require(Folds is >= 2 and <= 100, "The number of folds must lie between 2 and 100.");
        Require(MemoryLimit >= 16 << 20, "The memory limit must be 16 MB or more.");
        Require(Threads >= 0, "The number of threads must be 0 or more.");
        Require(MaxLength is null or > 0, "max_length must be 1 or more.");
        Require(ContaminationNGram is >= 2 and <= 64, "The n-grams of the contamination check must have 2 to 64 words.");
        Require(Score != ScoreKind.Loss || LossPath is not null, "A score by loss needs a file with the losses.");
        Require(LossPath is null || Score == ScoreKind.Loss, "A file with losses is for a score by loss (-Score Loss or -OrderBy Loss); none is asked for.");
        Known("language", Languages, LanguageGuess.Known);
        Known("script", Scripts, Text.Scripts.Names);
        foreach (var (pattern, action) in Actions)
        {
            if (CleaningRules.All.FirstOrDefault(r => Matches(pattern, r) && !Can(r, action)) is { } rule)
            {
                throw Invalid(
                    $"{action} is no action of {rule.Id}.",
                    "Mask is for pii rules, Repair for quality.mojibake, quality.control and structure.invalid_bio; every rule takes None, Flag and Remove.");
            }
        }
    }

    /// <summary>What is set and read by no rule that is on, a sentence each.</summary>
    public IEnumerable<string> Unread()
    {
        (bool Set, string What, CleaningRule[] Readers)[] settings =
        [
            (EvaluationPaths.Count > 0, "The evaluation files are", [CleaningRules.Contamination, CleaningRules.NearContamination]),
            (ProbabilityPath is not null, "The file of probabilities is", [CleaningRules.LabelError]),
            (LabelErrorMethod != default, "The way to choose label errors is", [CleaningRules.LabelError]),
            (Conflicts is not null, "The policy for conflicts is", [CleaningRules.ConflictLabel, CleaningRules.ConflictTags, CleaningRules.ConflictAnswer, CleaningRules.ConflictPreference, CleaningRules.ConflictCycle]),
            (Languages.Count > 0, "The languages are", [CleaningRules.Language]),
            (Scripts.Count > 0, "The scripts are", [CleaningRules.Script]),
            (MaxLength is not null, "The longest length is", [CleaningRules.TooLong, CleaningRules.NoSupervisedToken]),
            .. CleaningRules.All.Where(r => Thresholds.Keys.Contains(r.Id, StringComparer.OrdinalIgnoreCase)).Select(r => (true, "Its threshold is", new[] { r })),
        ];
        foreach (var (_, what, readers) in settings.Where(s => s.Set && !s.Readers.Any(IsOn)))
        {
            var rules = string.Join(", ", readers.Select(r => r.Id));
            yield return readers.Length == 1
                ? $"{rules} is off in this run. {what} not used. Turn the rule on with -Include or -Action, or choose another -Profile."
                : $"{rules} are off in this run. {what} not used. Turn a rule on with -Include or -Action, or choose another -Profile.";
        }
    }

    private static bool Can(CleaningRule rule, CleaningAction action) => action switch
    {
        CleaningAction.Mask => rule.Check == CleaningRules.Email.Check,
        CleaningAction.Repair => rule == CleaningRules.Mojibake || rule == CleaningRules.ControlCharacters || rule == CleaningRules.InvalidTags,
        _ => true,
    };

    private static void Known(string what, IReadOnlyList<string> given, IReadOnlyList<string> known)
    {
        if (given.FirstOrDefault(g => !known.Contains(g, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw Invalid($"The {what} '{unknown}' is not told apart.", $"Known: {string.Join(", ", known)}.");
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw Invalid(message, null);
        }
    }

    private static TrainToolsException Invalid(string message, string? remedy) =>
        new(ErrorIds.CleaningOptionInvalid, ErrorKind.InvalidArgument, message, remedy);

    private static bool Matches(IReadOnlyList<string> patterns, CleaningRule rule)
    {
        foreach (var pattern in patterns)
        {
            if (Matches(pattern, rule))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Matches(string pattern, CleaningRule rule) =>
        FileSystemName.MatchesSimpleExpression(pattern, rule.Id) || pattern.Equals(rule.Check, StringComparison.OrdinalIgnoreCase);

    private CleaningAction? Given(CleaningRule rule)
    {
        CleaningAction? given = null;
        foreach (var (pattern, action) in Actions)
        {
            if (rule.Id.Equals(pattern, StringComparison.OrdinalIgnoreCase))
            {
                return action;
            }

            given = Matches(pattern, rule) ? action : given;
        }

        return given;
    }

    private CleaningAction Default(CleaningRule rule)
    {
        var action = rule.Actions[(int)Profile];

        // A rule that is off in the profile and asked for by name, or by what it needs, flags.
        var asked = (rule == CleaningRules.Language && Languages.Count > 0) || (rule == CleaningRules.Script && Scripts.Count > 0)
            || (rule == CleaningRules.LabelError && ProbabilityPath is not null) || Matches(Include, rule);
        return action == CleaningAction.None && asked ? CleaningAction.Flag : action;
    }
}
