using TrainTools.Core.Errors;
using TrainTools.Core.Samples.Labels;
using TrainTools.Core.Tokenization;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;

namespace TrainTools.Trainer.Generation;

/// <summary>Loads models that answer prompts, classify texts or tag words, whichever their head is for.</summary>
public sealed class TextGeneratorFactory : ITextGeneratorFactory
{
    /// <inheritdoc/>
    public ITextGenerator Load(string modelPath, string device, string? basePath = null)
    {
        var where = TrainingDevice.Find(device);
        var ownTokenizer = basePath is null || File.Exists(Path.Combine(modelPath, "tokenizer.json")) || !AdaptedModelLoader.IsAdapter(modelPath);
        var tokenizer = PretrainedTokenizer.Load(ownTokenizer ? modelPath : basePath!);
        var model = AdaptedModelLoader.Load(modelPath, new PretrainedModelOptions { Device = where }, basePath);
        LabelSet Labels(IReadOnlyList<string> names) => LabelFile.Read(modelPath) is { } labels && labels.Names.Count == names.Count ? labels : new LabelSet(names);
        switch (model)
        {
            case CausalLanguageModel causal:
                return new TextGenerator(causal, tokenizer);
            case SequenceClassifier classifier:
                return new TextClassifier(classifier, tokenizer, Labels(classifier.Labels));
            case TokenClassifier tagger:
                return new TextTagger(tagger, tokenizer, Labels(tagger.Labels));
            default:
                model.Dispose();
                throw new TrainToolsException(
                    ErrorIds.ModelTaskUnsupported, ErrorKind.NotSupported, $"The model '{modelPath}' guesses masked tokens: it neither generates text nor has labels.",
                    "Fine-tune it for classification or tagging (task_type) first.", modelPath);
        }
    }
}
