using TrainTools.Core.Configuration;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Models.Families;

/// <summary>A family of decoders: the base model is the family's own, the heads are common.</summary>
internal abstract class DecoderFamily : ModelFamily
{
    /// <inheritdoc/>
    public override TaskType DefaultTask => TaskType.CausalLm;

    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Tasks { get; } = [TaskType.CausalLm, TaskType.SequenceClassification, TaskType.TokenClassification];

    /// <inheritdoc/>
    public override NameAdapter Names { get; } = new("model.")
    {
        BufferSuffixes = ["rotary_emb.inv_freq", "rotary_emb.cos_cached", "rotary_emb.sin_cached"],
        HeadPrefixes = ["lm_head.", "score.", "classifier."],
    };

    /// <inheritdoc/>
    public override IReadOnlyList<TiedName> TiedNames => [new(HeadName + ".weight", TokensName + ".weight")];

    /// <summary>Module name of the next-token head.</summary>
    protected virtual string HeadName => "lm_head";

    /// <summary>Module name of the token embedding.</summary>
    protected virtual string TokensName => "model.embed_tokens";

    /// <summary>Module name of the token classification head.</summary>
    protected virtual string TokenHeadName => "score";

    /// <summary>transformers' class with the next-token head.</summary>
    protected virtual string CausalClass => ClassPrefix + "ForCausalLM";

    /// <summary>Whether embeddings and head share their weight where the config does not say.</summary>
    protected virtual bool TiedByDefault => false;

    /// <inheritdoc/>
    public override string ClassName(TaskType task) => task == TaskType.CausalLm ? CausalClass : base.ClassName(task);

    /// <inheritdoc/>
    public override bool IsTied(ModelConfigFile config, TaskType task) =>
        task == TaskType.CausalLm && config.Flag("tie_word_embeddings", TiedByDefault);

    /// <inheritdoc/>
    public override LaidOutModel LayOut(ModelConfigFile config, TaskType task, bool tied, PretrainedModelOptions options)
    {
        var layout = new ModelLayout();
        var parts = LayOutBase(config, layout, options);
        switch (task)
        {
            case TaskType.SequenceClassification:
            {
                var labels = LabelSet.Resolve(config, options);
                var score = layout.Linear("score", parts.HiddenSize, labels.Count, bias: false);
                var model = new DecoderSequenceClassifier(config, layout, labels, parts.Backbone, score)
                {
                    HiddenSize = parts.HiddenSize,
                    VocabularySize = parts.VocabularySize,
                    MaxPositions = parts.MaxPositions,
                };
                return new LaidOutModel(model, layout, Head("score"));
            }

            case TaskType.TokenClassification:
            {
                var labels = LabelSet.Resolve(config, options);
                var score = layout.Linear(TokenHeadName, parts.HiddenSize, labels.Count, bias: true);
                double dropout = options.ClassifierDropout ?? config.NumberOrNull("classifier_dropout") ?? config.NumberOrNull("hidden_dropout") ?? 0.1;
                var model = new BackboneTokenClassifier(config, layout, labels, parts.Backbone, score, dropout)
                {
                    HiddenSize = parts.HiddenSize,
                    VocabularySize = parts.VocabularySize,
                    MaxPositions = parts.MaxPositions,
                };
                return new LaidOutModel(model, layout, Head(TokenHeadName));
            }

            default:
            {
                var head = tied ? layout.TiedLinear(HeadName, parts.Tokens) : layout.Linear(HeadName, parts.HiddenSize, parts.VocabularySize, bias: false);
                var model = new DecoderLanguageModel(config, layout, parts.Backbone, head)
                {
                    HiddenSize = parts.HiddenSize,
                    VocabularySize = parts.VocabularySize,
                    MaxPositions = parts.MaxPositions,
                    SoftCap = parts.LogitSoftCap,
                };
                return new LaidOutModel(model, layout, new HashSet<string>());
            }
        }

        static HashSet<string> Head(string head) => [head + ".weight", head + ".bias"];
    }

    /// <summary>Lays the base model out.</summary>
    protected abstract DecoderParts LayOutBase(ModelConfigFile config, ModelLayout layout, PretrainedModelOptions options);
}

/// <summary>A base model laid out.</summary>
internal sealed record DecoderParts(IBackbone Backbone, EmbeddingLayer Tokens, int HiddenSize, int VocabularySize, int? MaxPositions)
{
    /// <summary>Logits are squashed to ± this; null = not.</summary>
    public double? LogitSoftCap { get; init; }
}
