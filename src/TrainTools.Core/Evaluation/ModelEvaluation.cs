using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples;
using TrainTools.Core.Samples.Labels;

namespace TrainTools.Core.Evaluation;

/// <summary>Judges a model's answers on labelled records, one after the other.</summary>
public sealed class ModelEvaluation
{
    private readonly string path;
    private readonly LabelSet labels;
    private readonly List<TrainingRecord> records = [];
    private PredictionScorer? scorer;

    /// <summary>Makes an evaluation of a model or adapter folder.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.EvaluationUnavailable"/>: the model has no labels.</exception>
    public ModelEvaluation(string path)
    {
        this.path = path;
        labels = LabelFile.Read(path) ?? throw new TrainToolsException(
            ErrorIds.EvaluationUnavailable, ErrorKind.InvalidArgument, $"The model '{path}' names no labels, so its answers cannot be judged.", "Give the folder of a classifier or tagger.", path);
    }

    /// <summary>Records judged so far.</summary>
    public int Count => records.Count;

    /// <summary>The request for a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="maxLength">Most tokens read at once; null = the model's positions.</param>
    public static GenerationRequest Request(TrainingRecord record, int? maxLength)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.Shape switch
        {
            RecordShape.Classification => new GenerationRequest { Prompt = record.Text, WithLogits = true, MaxLength = maxLength },
            RecordShape.TokenClassification => record.Tokens!.Count == record.Tags!.Count
                ? new GenerationRequest { Words = record.Tokens, WithLogits = true, MaxLength = maxLength } : throw LabelDiscovery.Mismatch(record),
            _ => throw new TrainToolsException(
                ErrorIds.RecordShapeUnsupported, ErrorKind.InvalidData, $"{SampleEncoder.Place(record)}: a {record.Shape} record has no label to judge by.",
                "Use records with text and label, or with tokens and tags; name the fields where they are called otherwise.", record.SourceFile),
        };
    }

    /// <summary>Takes in the answer for a record.</summary>
    /// <exception cref="TrainToolsException">LabelMissing, LabelUnknown, LabelNotNumber; RecordShapeUnsupported: the record is for another kind of model.</exception>
    public void Add(TrainingRecord record, TrainerEvent answer)
    {
        ArgumentNullException.ThrowIfNull(record);
        switch (answer)
        {
            case ClassifiedText text when record.Shape == RecordShape.Classification:
                var known = labels.Problem is null ? new LabelSet(labels.Names, record.Labels is not null ? ProblemType.MultiLabelClassification : labels.Names.Count == 1 ? ProblemType.Regression : ProblemType.SingleLabelClassification) : labels;
                scorer ??= new SequenceScorer(known);
                scorer.Add([new TrainingSample { InputIds = [], Labels = [], RowTargets = RowTargets.Of(record, known), RecordIndexes = [records.Count] }], [.. text.Logits]);
                break;
            case TaggedText tagged when record.Shape == RecordShape.TokenClassification:
                scorer ??= new TagScorer(labels);
                AddTags(record, tagged);
                break;
            default:
                throw new TrainToolsException(
                    ErrorIds.RecordShapeUnsupported, ErrorKind.InvalidData, $"{SampleEncoder.Place(record)}: the model {(answer is TaggedText ? "tags words" : answer is ClassifiedText ? "classifies texts" : "generates text")}, and this is a {record.Shape} record.",
                    "Give data of the kind that the model was trained on.", record.SourceFile);
        }

        records.Add(record);
    }

    /// <summary>The report.</summary>
    public EvaluationReport Report()
    {
        if (scorer is null)
        {
            throw new TrainToolsException(ErrorIds.DatasetEmpty, ErrorKind.InvalidData, "There is no record to judge the model by.", "Give a file with labelled records.", path);
        }

        return scorer.Report([.. scorer.Predictions().Select(p => records[(int)p.Index] is var record ? p with
        {
            Index = record.Index, SourceFile = record.SourceFile, SourceLine = record.SourceLine, Text = record.Text ?? string.Join(' ', record.Tokens ?? []),
        } : p)]) with { ModelPath = path };
    }

    private void AddTags(TrainingRecord record, TaggedText tagged)
    {
        var gold = record.Tags!.Select(t => labels.Find(t) is >= 0 and var id ? id : throw LabelDiscovery.Unknown(record, t, labels)).ToArray();
        var logits = tagged.Logits!;
        int[] seen = [.. gold.Select((id, i) => float.IsNaN(logits[i * labels.Names.Count]) ? TrainingSample.Ignored : id)];
        var sample = new TrainingSample
        {
            InputIds = [.. seen.Select(_ => 0)], Labels = seen, WordIds = [.. Enumerable.Range(0, seen.Length)], WordLabels = gold, RecordIndexes = [records.Count],
        };
        scorer!.Add([sample], [.. logits.Chunk(labels.Names.Count).Where((_, i) => seen[i] != TrainingSample.Ignored).SelectMany(row => row)]);
    }
}
