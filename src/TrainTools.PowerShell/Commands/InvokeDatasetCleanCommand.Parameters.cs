using System.Collections;
using System.Globalization;
using System.Management.Automation;
using TrainTools.Core.Cleaning;
using TrainTools.Core.Cleaning.LabelErrors;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization;
using TrainTools.PowerShell.Completers;
using TrainTools.PowerShell.Transforms;

namespace TrainTools.PowerShell.Commands;

/// <content>Parameters.</content>
public sealed partial class InvokeDatasetCleanCommand
{
    // Core's enums are kept boxed: a field of such a type would make the runtime ask for Core before the module can answer.
    private Enum? _profile;
    private Enum? _normalization;
    private Enum? _keep;
    private Enum? _conflictPolicy;
    private Enum? _labelErrorMethod;
    private Enum? _score;
    private Enum? _orderBy;

    /// <summary>Defaults of all rules: for conversations and answers, classification, tagged words, preferences, or web text.</summary>
    [Parameter]
    public CleaningProfile Profile
    {
        get => _profile is CleaningProfile given ? given : default;
        set => _profile = value;
    }

    /// <summary>Checks or rules to run (wildcards: duplicate.*); left out = those the profile has on.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CleaningRuleCompleter))]
    public string[] Include { get; set; } = [];

    /// <summary>Checks or rules to leave out.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CleaningRuleCompleter))]
    public string[] Exclude { get; set; } = [];

    /// <summary>Thresholds by rule: @{ 'duplicate.near' = 0.9 }.</summary>
    [Parameter]
    public Hashtable Threshold { get; set; } = [];

    /// <summary>Actions by rule or wildcard: @{ 'pii.*' = 'Mask'; 'label.error' = 'Remove' }. None, Flag, Repair, Mask, Remove.</summary>
    [Parameter]
    public Hashtable Action { get; set; } = [];

    /// <summary>What is made equal before records are compared for exact duplicates and conflicts.</summary>
    [Parameter]
    public TextNormalization Normalization
    {
        get => _normalization is TextNormalization given ? given : TextNormalization.Standard;
        set => _normalization = value;
    }

    /// <summary>Which of several duplicates stays.</summary>
    [Parameter]
    [FieldSpelling]
    public KeepPolicy Keep
    {
        get => _keep is KeepPolicy given ? given : default;
        set => _keep = value;
    }

    /// <summary>What happens to conflicts; left out = the majority stays (labels, answers), all are dropped (preferences).</summary>
    [Parameter]
    [FieldSpelling]
    public ConflictPolicy? ConflictPolicy
    {
        get => _conflictPolicy as ConflictPolicy?;
        set => _conflictPolicy = value;
    }

    /// <summary>How label errors are chosen.</summary>
    [Parameter]
    [FieldSpelling]
    public LabelErrorMethod LabelErrorMethod
    {
        get => _labelErrorMethod is LabelErrorMethod given ? given : default;
        set => _labelErrorMethod = value;
    }

    /// <summary>A .npy file with out-of-fold probabilities (records × classes), which turns label.error on; left out = the built-in classifier.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ProbabilityPath { get; set; }

    /// <summary>Folder of a tokenizer (a model's folder) to count tokens with; left out = words are counted.</summary>
    [Parameter]
    [Alias("tokenizer_path")]
    [ValidateNotNullOrEmpty]
    public string? TokenizerPath { get; set; }

    /// <summary>Longest sample in tokens; left out = not checked.</summary>
    [Parameter]
    [Alias("max_length")]
    [ValidateRange(1, int.MaxValue)]
    public int? MaxLength { get; set; }

    /// <summary>Evaluation files that the records must not contain; read by the fields named here or, where they have none of them, by the usual ones.</summary>
    [Parameter]
    [SupportsWildcards]
    public string[] EvaluationPath { get; set; } = [];

    /// <summary>Words an n-gram of the contamination check.</summary>
    [Parameter]
    [ValidateRange(2, 64)]
    public int ContaminationNGram { get; set; } = 8;

    /// <summary>Languages to keep (en, de, …); texts in others are flagged.</summary>
    [Parameter]
    public string[] Language { get; set; } = [];

    /// <summary>Scripts to keep (Latin, Cyrillic, Han, …); texts in others are flagged.</summary>
    [Parameter]
    public string[] Script { get; set; } = [];

    /// <summary>Write a score into the records (curriculum_score, low = easy).</summary>
    [Parameter]
    public ScoreKind? Score
    {
        get => _score as ScoreKind?;
        set => _score = value;
    }

    /// <summary>The same, and give the records by ascending score: easy first.</summary>
    [Parameter]
    public ScoreKind? OrderBy
    {
        get => _orderBy as ScoreKind?;
        set => _orderBy = value;
    }

    /// <summary>A file with a model's loss for each record, in their order, for the score Loss.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? LossPath { get; set; }

    /// <summary>Bytes that signatures, hashes and texts may hold in memory; more goes to temporary files.</summary>
    [Parameter]
    [ValidateRange(16L << 20, long.MaxValue)]
    public long MemoryLimit { get; set; } = 1L << 30;

    /// <summary>Threads; 0 = one for each processor. The result does not depend on it.</summary>
    [Parameter]
    [ValidateRange(0, 1024)]
    public int ThreadCount { get; set; }

    /// <summary>Seed of folds and hash functions.</summary>
    [Parameter]
    public long Seed { get; set; } = 42;

    /// <summary>Report to write: one HTML page (.html), and the same as JSON beside it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ReportPath { get; set; }

    /// <summary>File for all verdicts (JSON Lines).</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? VerdictPath { get; set; }

    /// <summary>File for the removed records, each with its verdicts.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RejectedPath { get; set; }

    /// <summary>Verdicts of an earlier run on the same records: decided anew with -Threshold, -Action and -Exclude, nothing is computed again.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? FromVerdictPath { get; set; }

    /// <summary>Write over reports, verdicts and rejected records that exist.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Give the report instead of the records.</summary>
    [Parameter]
    public SwitchParameter AsReport { get; set; }

    private CleaningOptions Options() => new()
    {
        Profile = Profile,
        Include = Include,
        Exclude = Exclude,
        Thresholds = Thresholds(),
        Actions = Actions(),
        Normalization = Normalization,
        Keep = Keep,
        Conflicts = ConflictPolicy,
        LabelErrorMethod = LabelErrorMethod,
        ProbabilityPath = ProbabilityPath is null ? null : PathHelper.ResolveNew(this, ProbabilityPath),
        Tokenizer = TokenizerPath is null ? null : PretrainedTokenizer.Load(PathHelper.ResolveNew(this, TokenizerPath)),
        TokenizerPath = TokenizerPath,
        MaxLength = MaxLength,
        EvaluationPaths = [.. PathHelper.Resolve(this, EvaluationPath, literal: false)],
        EvaluationReader = NamesOnly(ReaderOptions()),
        ContaminationNGram = ContaminationNGram,
        Languages = Language,
        Scripts = Script,
        Score = OrderBy ?? Score,
        OrderByScore = OrderBy is not null,
        LossPath = LossPath is null ? null : PathHelper.ResolveNew(this, LossPath),
        MemoryLimit = MemoryLimit,
        Threads = ThreadCount,
        Seed = Seed,
    };

    // An evaluation file has a layout and a shape of its own.
    private static DatasetReaderOptions NamesOnly(DatasetReaderOptions options)
    {
        var own = new DatasetReaderOptions();
        return options with { FileFormat = own.FileFormat, Shape = own.Shape, TextUnit = own.TextUnit, Header = own.Header, ColumnNames = own.ColumnNames, Delimiter = own.Delimiter };
    }

    private Dictionary<string, double> Thresholds() => Read<double>(Threshold, "Threshold", value =>
        LanguagePrimitives.TryConvertTo<double>(value, CultureInfo.InvariantCulture, out var number) ? number : null);

    private Dictionary<string, CleaningAction> Actions() => Read<CleaningAction>(Action, "Action", value =>
        Enum.TryParse<CleaningAction>(value?.ToString(), ignoreCase: true, out var action) && Enum.IsDefined(action) ? action : (CleaningAction?)null);

    private static Dictionary<string, T> Read<T>(Hashtable given, string parameter, Func<object?, T?> convert)
        where T : struct
    {
        var result = new Dictionary<string, T>(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry entry in given)
        {
            var name = entry.Key.ToString()!;
            result[name] = convert(entry.Value) ?? throw new TrainToolsException(
                ErrorIds.CleaningOptionInvalid, ErrorKind.InvalidArgument,
                $"-{parameter}: '{entry.Value}' cannot be used for {name}.",
                parameter == "Action" ? "Actions are None, Flag, Repair, Mask and Remove." : "A threshold is a number.");
        }

        return result;
    }
}
