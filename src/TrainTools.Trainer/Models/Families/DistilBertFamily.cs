using TorchSharp;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Families;

/// <summary>DistilBERT: BERT without segments and pooler, with names of its own.</summary>
internal sealed class DistilBertFamily : EncoderFamily
{
    private const double Epsilon = 1e-12;

    /// <inheritdoc/>
    public override string ModelType => "distilbert";

    /// <inheritdoc/>
    public override string ClassPrefix => "DistilBert";

    /// <inheritdoc/>
    public override NameAdapter Names { get; } = new("distilbert.")
    {
        BufferSuffixes = ["embeddings.position_ids"],
        OldSuffixes = [(".gamma", ".weight"), (".beta", ".bias")],
        HeadPrefixes = ["vocab_transform.", "vocab_layer_norm.", "vocab_projector.", "pre_classifier.", "classifier.", "qa_outputs."],
    };

    /// <inheritdoc/>
    public override IReadOnlyList<TiedName> TiedNames { get; } = [new("vocab_projector.weight", "distilbert.embeddings.word_embeddings.weight")];

    /// <inheritdoc/>
    protected override EncoderParts LayOutBase(ModelConfigFile config, ModelLayout layout, PretrainedModelOptions options)
    {
        int hidden = Either(config, "dim", "hidden_size", 768);
        int heads = Either(config, "n_heads", "num_attention_heads", 12);
        int count = Either(config, "n_layers", "num_hidden_layers", 6);
        int intermediate = config.Size("hidden_dim", 3072);
        int vocabulary = config.Size("vocab_size", 30522);
        int positions = config.Size("max_position_embeddings", 512);
        double dropout = Share(config, options.HiddenDropout, "dropout", 0.1);
        var activation = Activation(config, "activation", "gelu");
        if (hidden % heads != 0)
        {
            throw config.Wrong("n_heads", $"a divisor of dim {hidden}");
        }

        var settings = Attention(hidden, heads, Share(config, options.AttentionDropout, "attention_dropout", 0.1));
        var words = layout.Embedding("distilbert.embeddings.word_embeddings", vocabulary, hidden, config.IntegerOr("pad_token_id", 0));
        var learntPositions = layout.Embedding("distilbert.embeddings.position_embeddings", positions, hidden);
        var norm = layout.LayerNorm("distilbert.embeddings.LayerNorm", hidden, Epsilon);
        var layers = new List<IModelLayer>();
        for (int i = 0; i < count; i++)
        {
            string layer = $"distilbert.transformer.layer.{i}";
            var projection = new SeparateQueryKeyValue(
                layout.Linear(layer + ".attention.q_lin", hidden, hidden, bias: true),
                layout.Linear(layer + ".attention.k_lin", hidden, hidden, bias: true),
                layout.Linear(layer + ".attention.v_lin", hidden, hidden, bias: true),
                settings);
            var attention = new SelfAttention(i, settings, projection, layout.Linear(layer + ".attention.out_lin", hidden, hidden, bias: true));
            var attentionNorm = layout.LayerNorm(layer + ".sa_layer_norm", hidden, Epsilon);
            var feedForward = new PlainFeedForward(
                layout.Linear(layer + ".ffn.lin1", hidden, intermediate, bias: true),
                layout.Linear(layer + ".ffn.lin2", intermediate, hidden, bias: true),
                activation);
            var feedForwardNorm = layout.LayerNorm(layer + ".output_layer_norm", hidden, Epsilon);
            layers.Add(new EncoderLayer(attention, attentionNorm, feedForward, feedForwardNorm) { FeedForwardDropout = dropout });
        }

        var embeddings = new EncoderEmbeddings(words, learntPositions, null, norm) { Dropout = dropout };
        return new EncoderParts(new Encoder(embeddings, layers), words, hidden, vocabulary, positions);
    }

    /// <inheritdoc/>
    protected override PretrainedModel LayOutMasked(ModelConfigFile config, ModelLayout layout, EncoderParts parts, bool tied)
    {
        var dense = layout.Linear("vocab_transform", parts.HiddenSize, parts.HiddenSize, bias: true);
        var norm = layout.LayerNorm("vocab_layer_norm", parts.HiddenSize, Epsilon);
        var decoder = tied
            ? layout.TiedLinear("vocab_projector", parts.Words, layout.Parameter("vocab_projector.bias", [parts.VocabularySize], ParameterInit.Zeros))
            : layout.Linear("vocab_projector", parts.HiddenSize, parts.VocabularySize, bias: true);
        return new EncoderMaskedLanguageModel(config, layout, parts.Backbone, dense, Activation(config, "activation", "gelu"), norm, decoder)
        {
            HiddenSize = parts.HiddenSize,
            VocabularySize = parts.VocabularySize,
            MaxPositions = parts.MaxPositions,
        };
    }

    /// <inheritdoc/>
    protected override PretrainedModel LayOutClassifier(ModelConfigFile config, ModelLayout layout, EncoderParts parts, IReadOnlyList<string> labels, PretrainedModelOptions options)
    {
        var dense = layout.Linear("pre_classifier", parts.HiddenSize, parts.HiddenSize, bias: true);
        var score = layout.Linear("classifier", parts.HiddenSize, labels.Count, bias: true);
        return new EncoderSequenceClassifier(config, layout, labels, parts.Backbone, dense, score)
        {
            HiddenSize = parts.HiddenSize,
            VocabularySize = parts.VocabularySize,
            MaxPositions = parts.MaxPositions,
            Activation = x => nn.functional.relu(x),
            Dropout = Share(config, options.ClassifierDropout, "seq_classif_dropout", 0.2),
        };
    }

    /// <inheritdoc/>
    protected override double TokenDropout(ModelConfigFile config, PretrainedModelOptions options) =>
        options.ClassifierDropout ?? Share(config, options.HiddenDropout, "dropout", 0.1);

    private static int Either(ModelConfigFile config, string own, string common, int otherwise) =>
        config.SizeOrNull(own) ?? config.Size(common, otherwise);
}
