using System.Text.Json;
using System.Text.Json.Serialization;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Evaluation;

/// <summary>What a model does on labelled records: metrics, classes, confusions, and the records it does worst on.</summary>
public sealed record EvaluationReport
{
    /// <summary>Name of the file in a run folder.</summary>
    public const string FileName = "evaluation.json";

    /// <summary>sequence-classification or token-classification.</summary>
    public required string Task { get; init; }

    /// <summary>The model or run.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Records (sentences) that were judged.</summary>
    public required long Records { get; init; }

    /// <summary>Metrics under the names of the logs, the classes' own among them.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Each class, or each type of entity; empty for a regression.</summary>
    public IReadOnlyList<ClassScore> Classes { get; init; } = [];

    /// <summary>What was taken for what (tags of words in tagging); null for several labels a text and for a regression.</summary>
    public ConfusionMatrix? Confusion { get; init; }

    /// <summary>Of several labels a text: how often each was rightly and wrongly given; empty for other tasks.</summary>
    public IReadOnlyList<LabelConfusion> LabelConfusions { get; init; } = [];

    /// <summary>Pairs most often confused.</summary>
    public IReadOnlyList<ConfusedPair> MostConfused { get; init; } = [];

    /// <summary>Records with the highest loss, the worst first.</summary>
    public IReadOnlyList<RecordPrediction> HighestLoss { get; init; } = [];

    /// <summary>Share of what is right: of texts, or of words in tagging; null for a regression.</summary>
    [JsonIgnore]
    public double? Accuracy => Find("eval_accuracy");

    /// <summary>F1: of entities in tagging, of the second class of two, the micro mean of several labels, else the macro mean.</summary>
    [JsonIgnore]
    public double? F1 => Find("eval_f1");

    /// <summary>Macro mean of F1 over classes or types.</summary>
    [JsonIgnore]
    public double? MacroF1 => Find("eval_f1_macro");

    /// <summary>Mean loss.</summary>
    [JsonIgnore]
    public double? Loss => Find("eval_loss");

    /// <summary>Reads a report.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.EvaluationUnavailable"/>.</exception>
    public static EvaluationReport Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<EvaluationReport>(File.ReadAllText(path), TrainerEvent.JsonOptions) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(ErrorIds.EvaluationUnavailable, ErrorKind.InvalidData, $"'{path}' cannot be read as an evaluation: {e.Message}", "Delete the file; Invoke-FineTunedModel -EvaluatePath makes the evaluation again.", path, e);
        }
    }

    /// <summary>Writes the report.</summary>
    public void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, TrainerEvent.JsonOptions) + "\n");

    /// <inheritdoc/>
    public override string ToString() => $"{Task}: {Records} records";

    private double? Find(string metric) => Metrics.TryGetValue(metric, out var value) ? value : null;
}

/// <summary>What a model says of one record.</summary>
public sealed record RecordPrediction
{
    /// <summary>0-based number of the record in its data.</summary>
    public required long Index { get; init; }

    /// <summary>File it came from.</summary>
    public string? SourceFile { get; init; }

    /// <summary>Its line.</summary>
    public long SourceLine { get; init; }

    /// <summary>The text, or the words with blanks between them.</summary>
    public string? Text { get; init; }

    /// <summary>Given label; several with commas; tags with blanks.</summary>
    public string Label { get; init; } = string.Empty;

    /// <summary>Predicted label, in the same way.</summary>
    public string Predicted { get; init; } = string.Empty;

    /// <summary>Loss of the record (of a tagged sentence the mean over its words).</summary>
    public double Loss { get; init; }

    /// <summary>Probability of the given label; of a tagged sentence the lowest of its words; null for values and several labels.</summary>
    public double? SelfConfidence { get; init; }

    /// <summary>Probability of each class in the order of the labels (the value itself for a regression); null for tagging.</summary>
    public IReadOnlyList<float>? Probabilities { get; init; }

    /// <summary>Whether the prediction is the label.</summary>
    [JsonIgnore]
    public bool IsRight => Label == Predicted;
}
