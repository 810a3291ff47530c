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
    public override IReadOnlyList<TaskType> Tasks { get; } = [TaskType.CausalLm];

    /// <inheritdoc/>
    public override NameAdapter Names { get; } = new("model.")
    {
        BufferSuffixes = ["rotary_emb.inv_freq", "rotary_emb.cos_cached", "rotary_emb.sin_cached"],
        HeadPrefixes = ["lm_head.", "score.", "classifier."],
    };

    /// <summary>Module name of the next-token head.</summary>
    protected virtual string HeadName => "lm_head";

    /// <summary>Whether embeddings and head share their weight where the config does not say.</summary>
    protected virtual bool TiedByDefault => false;

    /// <summary>Lays the base model out.</summary>
    protected abstract DecoderParts LayOutBase(ModelConfigFile config, ModelLayout layout, PretrainedModelOptions options);

    /// <inheritdoc/>
    public override LaidOutModel LayOut(ModelConfigFile config, TaskType task, PretrainedModelOptions options)
    {
        var layout = new ModelLayout();
        var parts = LayOutBase(config, layout, options);
        var head = config.Flag("tie_word_embeddings", TiedByDefault)
            ? layout.TiedLinear(HeadName, parts.Tokens)
            : layout.Linear(HeadName, parts.HiddenSize, parts.VocabularySize, bias: false);
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

/// <summary>A base model laid out.</summary>
internal sealed record DecoderParts(IBackbone Backbone, EmbeddingLayer Tokens, int HiddenSize, int VocabularySize, int? MaxPositions)
{
    /// <summary>Logits are squashed to ± this; null = not.</summary>
    public double? LogitSoftCap { get; init; }
}
