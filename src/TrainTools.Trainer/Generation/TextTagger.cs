using System.Diagnostics;
using TorchSharp;
using TrainTools.Core.Errors;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples.Labels;
using TrainTools.Core.Tokenization;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Generation;

/// <summary>
/// A model that tags words: the text is cut into words, each gets the tag of its first token, and the tags make entities with
/// places in the text. What is longer than the model's positions goes through it in windows.
/// </summary>
/// <param name="model">The model; taken over.</param>
/// <param name="tokenizer">Its tokenizer.</param>
/// <param name="labels">Its tags.</param>
public sealed class TextTagger(TokenClassifier model, PretrainedTokenizer tokenizer, LabelSet labels) : ITextGenerator
{
    /// <inheritdoc/>
    public TrainerEvent Generate(GenerationRequest request, int index, StopSignal stop)
    {
        ArgumentNullException.ThrowIfNull(request);
        var began = Stopwatch.GetTimestamp();
        var (text, places) = Words(request);
        string[] words = [.. places.Select(p => text[p.Start..p.End])];
        var (logits, tokens) = Logits(words, request.MaxLength);
        var tags = new string[words.Length];
        var scores = new double[words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            // A word without a token (control characters) is outside of everything.
            (tags[i], scores[i]) = logits[i] is { } row && LabelProbabilities.Of(row) is var p && Array.IndexOf(p, p.Max()) is var best ? (labels.Names[best], p[best]) : ("O", 1);
        }

        return new TaggedText
        {
            Index = index,
            Text = text,
            Words = words,
            Tags = tags,
            Entities =
            [
                .. EntitySpans.Of(tags).Select(s => new TextEntity(
                    s.Type, text[places[s.Start].Start..places[s.End - 1].End], places[s.Start].Start, places[s.End - 1].End, scores[s.Start..s.End].Average())),
            ],
            Logits = request.WithLogits ? [.. logits.SelectMany(r => r ?? [.. Enumerable.Repeat(float.NaN, labels.Names.Count)])] : null,
            Tokens = tokens,
            Seconds = Stopwatch.GetElapsedTime(began).TotalSeconds,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => model.Dispose();

    private static (string Text, IReadOnlyList<TextWord> Places) Words(GenerationRequest request)
    {
        if (request.Words is { Count: > 0 } given)
        {
            var places = new TextWord[given.Count];
            var at = 0;
            for (var i = 0; i < places.Length; i++)
            {
                places[i] = new TextWord(at, at + given[i].Length);
                at += given[i].Length + 1;
            }

            return (string.Join(' ', given), places);
        }

        var text = request.Prompt ?? throw new TrainToolsException(
            ErrorIds.GenerationRequestInvalid, ErrorKind.InvalidArgument, "This model tags the words of a text: it takes no messages.", "Give a text as the prompt.");
        return TextWords.Split(text) is { Count: > 0 } found ? (text, found) : throw new TrainToolsException(
            ErrorIds.GenerationRequestInvalid, ErrorKind.InvalidArgument, "The text is empty: there is nothing to tag.", "Give a text.");
    }

    private (float[]?[] Logits, int Tokens) Logits(string[] words, int? maxLength)
    {
        var length = TextClassifier.Shorter(maxLength, model.MaxPositions);
        var encoded = new WordEncoder(tokenizer, length, (length ?? 0) / 4).Encode(words);
        var result = new float[]?[words.Length];
        for (var w = 0; w < encoded.Windows.Count; w++)
        {
            using var scope = NewDisposeScope();
            using var grad = no_grad();
            var ids = encoded.Windows[w].Ids;
            TokenizerChecks.IdsAgainstEmbedding(tokenizer, ids, model.VocabularySize);
            var input = tensor(ids.Select(i => (long)i).ToArray(), device: model.Device).unsqueeze(0);
            var scores = model.Logits(new ModelInput { InputIds = input }).to_type(ScalarType.Float32).cpu().data<float>().ToArray();
            for (var i = 0; i < words.Length; i++)
            {
                if (encoded.Owner[i].Window == w)
                {
                    result[i] = scores[(encoded.Owner[i].Position * labels.Names.Count)..((encoded.Owner[i].Position + 1) * labels.Names.Count)];
                }
            }
        }

        return (result, encoded.Windows.Sum(w => w.Ids.Length));
    }
}
