using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Samples.Labels;
using TrainTools.Core.Tokenization;
using TrainTools.Trainer.Models;

namespace TrainTools.Trainer.Training;

/// <summary>The parts of a run that depend on its task.</summary>
internal static class TaskParts
{
    /// <summary>Loads a run's model with the head of its task.</summary>
    /// <param name="path">Model folder.</param>
    /// <param name="task">The task.</param>
    /// <param name="labels">Its labels; null for language.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="options">How.</param>
    public static PretrainedModel Load(string path, TaskConfig task, LabelSet? labels, PretrainedTokenizer tokenizer, PretrainedModelOptions options) =>
        PretrainedModelLoader.Load(path, options with
        {
            Task = task.TaskType,
            Labels = labels?.Names ?? [],
            ProblemType = labels?.Problem,
            PadTokenId = tokenizer.PadTokenId ?? tokenizer.EosTokenId,
        });

    /// <summary>What is learnt.</summary>
    /// <param name="model">The model.</param>
    /// <param name="config">The resolved configuration.</param>
    /// <param name="data">Its rows.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    public static ITrainingObjective Objective(PretrainedModel model, TrainingConfig config, RunData data, PretrainedTokenizer tokenizer)
    {
        var recomputing = config.Batch.GradientCheckpointing ? new RecomputingLayers(config.Runtime.Seed) : null;
        var smoothing = config.Task.LabelSmoothingFactor;
        return model switch
        {
            SequenceClassifier classifier => new SequenceClassificationObjective(classifier, model.Device, smoothing, ClassWeights.From(config.Task, data), recomputing),
            TokenClassifier tagger => new TokenClassificationObjective(tagger, model.Device, smoothing, ClassWeights.From(config.Task, data), recomputing),
            MaskedLanguageModel masked => new MaskedLanguageObjective(masked, model.Device, Masking(config, tokenizer), smoothing, recomputing),
            _ => new CausalLanguageObjective((CausalLanguageModel)model, model.Device, smoothing, recomputing),
        };
    }

    /// <summary>Scores the labels of held-out rows; null for language.</summary>
    public static PredictionScorer? Scorer(TrainingConfig config, RunData data) => data.Labels is null ? null : PredictionScorer.For(config.Task.TaskType, data.Labels);

    /// <summary>Logits of an input, whatever the head.</summary>
    public static torch.Tensor Logits(PretrainedModel model, ModelInput input) => model switch
    {
        SequenceClassifier classifier => classifier.Logits(input),
        TokenClassifier tagger => tagger.Logits(input),
        MaskedLanguageModel masked => masked.Logits(masked.HiddenStates(input)),
        _ => ((CausalLanguageModel)model).Logits(((CausalLanguageModel)model).HiddenStates(input)),
    };

    private static TokenMasking Masking(TrainingConfig config, PretrainedTokenizer tokenizer) =>
        tokenizer.SpecialTokens.TryGetValue("mask_token", out var token) && tokenizer.TokenToId(token) is { } id
            ? new TokenMasking(id, tokenizer.VocabularySize, config.Data.MlmProbability, config.Data.WholeWordMask, config.Runtime.Seed)
            : throw new TrainToolsException(
                ErrorIds.MaskTokenMissing, ErrorKind.InvalidData, $"The tokenizer '{tokenizer.Folder}' has no mask token, so nothing can be masked.",
                "Name one in tokenizer_config.json (mask_token), or use the tokenizer that belongs to the encoder.", tokenizer.Folder);
}
