using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Families;

/// <summary>A family of encoders.</summary>
internal abstract class EncoderFamily : ModelFamily
{
    /// <inheritdoc/>
    public override TaskType DefaultTask => TaskType.MaskedLm;

    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Tasks { get; } = [TaskType.SequenceClassification, TaskType.TokenClassification, TaskType.MaskedLm];

    /// <inheritdoc/>
    public override bool IsTied(ModelConfigFile config, TaskType task) =>
        task == TaskType.MaskedLm && config.Flag("tie_word_embeddings", true);

    /// <inheritdoc/>
    public override LaidOutModel LayOut(ModelConfigFile config, TaskType task, bool tied, PretrainedModelOptions options)
    {
        RefuseDecoders(config);
        var layout = new ModelLayout();
        var parts = LayOutBase(config, layout, options);
        if (task == TaskType.MaskedLm)
        {
            return new LaidOutModel(LayOutMasked(config, layout, parts, tied), layout, new HashSet<string>());
        }

        var labels = LabelSet.Resolve(config, options);
        int before = layout.Parameters.Count;
        if (task == TaskType.SequenceClassification)
        {
            var classifier = LayOutClassifier(config, layout, parts, labels, options);
            return new LaidOutModel(classifier, layout, Since(layout, before));
        }

        var score = layout.Linear("classifier", parts.HiddenSize, labels.Count, bias: true);
        var model = new BackboneTokenClassifier(config, layout, labels, parts.Backbone, score, TokenDropout(config, options))
        {
            HiddenSize = parts.HiddenSize,
            VocabularySize = parts.VocabularySize,
            MaxPositions = parts.MaxPositions,
        };
        return new LaidOutModel(model, layout, Since(layout, before));
    }

    /// <summary>Lays the base model out, without a pooler.</summary>
    protected abstract EncoderParts LayOutBase(ModelConfigFile config, ModelLayout layout, PretrainedModelOptions options);

    /// <summary>Lays the head for masked tokens out.</summary>
    protected abstract PretrainedModel LayOutMasked(ModelConfigFile config, ModelLayout layout, EncoderParts parts, bool tied);

    /// <summary>Lays the head for texts out, the pooler included.</summary>
    protected abstract PretrainedModel LayOutClassifier(ModelConfigFile config, ModelLayout layout, EncoderParts parts, IReadOnlyList<string> labels, PretrainedModelOptions options);

    /// <summary>Dropout before the scores of tokens.</summary>
    protected abstract double TokenDropout(ModelConfigFile config, PretrainedModelOptions options);

    /// <summary>The head's scores over the vocabulary: the embedding's own weight, or weights of their own beside a bias that transformers keeps unused.</summary>
    protected static LinearLayer MaskedDecoder(ModelLayout layout, string name, EncoderParts parts, bool tied, ModelParameter bias) => tied
        ? layout.TiedLinear(name, parts.Words, bias)
        : layout.Linear(name, parts.HiddenSize, parts.VocabularySize, bias: true);

    /// <summary>Attention settings of an encoder: all heads have keys of their own.</summary>
    protected static AttentionSettings Attention(int hidden, int heads, double dropout) => new()
    {
        Heads = heads,
        KeyValueHeads = heads,
        HeadDim = hidden / heads,
        Scale = 1 / Math.Sqrt(hidden / heads),
        Dropout = dropout,
    };

    private static void RefuseDecoders(ModelConfigFile config)
    {
        foreach (string key in (string[])["is_decoder", "add_cross_attention"])
        {
            if (config.Flag(key, false))
            {
                throw config.Unsupported(key, "false");
            }
        }

        if (config.TextOrNull("position_embedding_type") is { } type && type != "absolute")
        {
            throw config.Unsupported("position_embedding_type", "absolute");
        }
    }

    private static HashSet<string> Since(ModelLayout layout, int count) => layout.Parameters.Skip(count).Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
}

/// <summary>An encoder laid out.</summary>
internal sealed record EncoderParts(IBackbone Backbone, EmbeddingLayer Words, int HiddenSize, int VocabularySize, int MaxPositions);
