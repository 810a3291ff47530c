using System.Diagnostics;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples.Labels;
using TrainTools.Core.Tokenization;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Generation;

/// <summary>A model that classifies texts. A text beyond the model's positions is cut at its end, as in training.</summary>
/// <param name="model">The model; taken over.</param>
/// <param name="tokenizer">Its tokenizer.</param>
/// <param name="labels">Its labels.</param>
public sealed class TextClassifier(SequenceClassifier model, PretrainedTokenizer tokenizer, LabelSet labels) : ITextGenerator
{
    private readonly ProblemType problem = labels.Problem ?? model.ProblemType ?? (labels.Names.Count == 1 ? ProblemType.Regression : ProblemType.SingleLabelClassification);

    /// <inheritdoc/>
    public TrainerEvent Generate(GenerationRequest request, int index, StopSignal stop)
    {
        ArgumentNullException.ThrowIfNull(request);
        var text = request.Prompt ?? throw new TrainToolsException(
            ErrorIds.GenerationRequestInvalid, ErrorKind.InvalidArgument, "This model classifies texts: it takes neither messages nor words.", "Give a text as the prompt.");
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new TrainToolsException(ErrorIds.GenerationRequestInvalid, ErrorKind.InvalidArgument, "The text is empty: there is nothing to classify.", "Give a text.");
        }

        var began = Stopwatch.GetTimestamp();
        var encoder = new ClassificationEncoder(tokenizer, labels, new DataConfig { MaxLength = Shorter(request.MaxLength, model.MaxPositions) });
        var ids = encoder.Ids(text, out var lost);
        TokenizerChecks.IdsAgainstEmbedding(tokenizer, ids, model.VocabularySize);
        var logits = Logits(ids);
        var answer = new ClassifiedText
        {
            Index = index, Text = text, Logits = request.WithLogits ? logits : [], Tokens = ids.Length, TokensLost = lost, Seconds = Stopwatch.GetElapsedTime(began).TotalSeconds,
        };
        if (problem == ProblemType.Regression)
        {
            return answer with { Score = logits[0] };
        }

        var probabilities = problem == ProblemType.MultiLabelClassification
            ? [.. logits.Select(l => 1 / (1 + Math.Exp(-l)))]
            : LabelProbabilities.Of(logits);
        List<LabelScore> scores = [.. probabilities.Select((p, k) => new LabelScore(labels.Names[k], p)).OrderByDescending(s => s.Score)];
        List<string> apply = problem == ProblemType.MultiLabelClassification ? [.. scores.Where(s => s.Score > 0.5).Select(s => s.Label)] : [scores[0].Label];
        return answer with { Label = string.Join(", ", apply), Labels = apply, Score = scores[0].Score, Scores = scores };
    }

    /// <inheritdoc/>
    public void Dispose() => model.Dispose();

    /// <summary>The smaller of two lengths that may be unknown.</summary>
    internal static int? Shorter(int? one, int? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);

    private float[] Logits(int[] ids)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var input = tensor(ids.Select(i => (long)i).ToArray(), device: model.Device).unsqueeze(0);
        return model.Logits(new ModelInput { InputIds = input }).to_type(ScalarType.Float32).cpu().data<float>().ToArray();
    }
}
