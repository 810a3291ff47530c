using TorchSharp;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Models.Families;

/// <summary>BERT, and what RoBERTa shares with it.</summary>
internal class BertFamily : EncoderFamily
{
    /// <inheritdoc/>
    public override string ModelType => "bert";

    /// <inheritdoc/>
    public override string ClassPrefix => "Bert";

    /// <inheritdoc/>
    public override NameAdapter Names { get; } = new("bert.")
    {
        BufferSuffixes = ["embeddings.position_ids", "embeddings.token_type_ids"],
        OldSuffixes = [(".gamma", ".weight"), (".beta", ".bias")],
        HeadPrefixes = ["cls.predictions.", "cls.seq_relationship.", "classifier.", "qa_outputs.", "bert.pooler.", "pooler."],
    };

    /// <inheritdoc/>
    public override IReadOnlyList<TiedName> TiedNames { get; } =
    [
        new("cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"),
        new("cls.predictions.decoder.bias", "cls.predictions.bias"),
    ];

    /// <summary>Name of the base model inside a model with a head.</summary>
    protected virtual string Base => "bert";

    /// <summary>pad_token_id where the config leaves it out.</summary>
    protected virtual int DefaultPadToken => 0;

    /// <summary>vocab_size where the config leaves it out.</summary>
    protected virtual int DefaultVocabulary => 30522;

    /// <summary>Whether positions count from one above the padding token's id.</summary>
    protected virtual bool PositionsAfterPadding => false;

    /// <inheritdoc/>
    protected override EncoderParts LayOutBase(ModelConfigFile config, ModelLayout layout, PretrainedModelOptions options)
    {
        int hidden = config.Size("hidden_size", 768);
        int heads = config.Size("num_attention_heads", 12);
        int intermediate = config.Size("intermediate_size", 3072);
        int vocabulary = config.Size("vocab_size", DefaultVocabulary);
        int positions = config.Size("max_position_embeddings", 512);
        int segments = config.Size("type_vocab_size", 2);
        int? padding = config.IntegerOr("pad_token_id", DefaultPadToken);
        double epsilon = config.Number("layer_norm_eps", 1e-12);
        double hiddenDropout = Share(config, options.HiddenDropout, "hidden_dropout_prob", 0.1);
        var activation = Activation(config, "hidden_act", "gelu");
        if (hidden % heads != 0)
        {
            throw config.Wrong("num_attention_heads", $"a divisor of hidden_size {hidden}");
        }

        if (PositionsAfterPadding && padding is null)
        {
            throw config.Wrong("pad_token_id", "a token id, as positions are counted from it");
        }

        var settings = Attention(hidden, heads, Share(config, options.AttentionDropout, "attention_probs_dropout_prob", 0.1));
        string name = Base + ".embeddings";
        var words = layout.Embedding(name + ".word_embeddings", vocabulary, hidden, padding);
        var learntPositions = PositionsAfterPadding ? null : layout.Embedding(name + ".position_embeddings", positions, hidden);
        var tokenTypes = layout.Embedding(name + ".token_type_embeddings", segments, hidden);
        var norm = layout.LayerNorm(name + ".LayerNorm", hidden, epsilon);
        learntPositions ??= layout.Embedding(name + ".position_embeddings", positions, hidden, padding);
        var embeddings = new EncoderEmbeddings(words, learntPositions, tokenTypes, norm)
        {
            Dropout = hiddenDropout,
            PositionsAfterPadding = PositionsAfterPadding ? padding : null,
        };

        var layers = new List<IModelLayer>();
        for (int i = 0; i < config.Size("num_hidden_layers", 12); i++)
        {
            layers.Add(LayOutLayer(i, $"{Base}.encoder.layer.{i}"));
        }

        // RoBERTa's first positions are the padding's.
        int usable = PositionsAfterPadding ? positions - padding!.Value - 1 : positions;
        return new EncoderParts(new Encoder(embeddings, layers), words, hidden, vocabulary, usable);

        EncoderLayer LayOutLayer(int i, string layer)
        {
            var projection = new SeparateQueryKeyValue(
                layout.Linear(layer + ".attention.self.query", hidden, hidden, bias: true),
                layout.Linear(layer + ".attention.self.key", hidden, hidden, bias: true),
                layout.Linear(layer + ".attention.self.value", hidden, hidden, bias: true),
                settings);
            var attention = new SelfAttention(i, settings, projection, layout.Linear(layer + ".attention.output.dense", hidden, hidden, bias: true));
            var attentionNorm = layout.LayerNorm(layer + ".attention.output.LayerNorm", hidden, epsilon);
            var feedForward = new PlainFeedForward(
                layout.Linear(layer + ".intermediate.dense", hidden, intermediate, bias: true),
                layout.Linear(layer + ".output.dense", intermediate, hidden, bias: true),
                activation);
            var feedForwardNorm = layout.LayerNorm(layer + ".output.LayerNorm", hidden, epsilon);
            return new EncoderLayer(attention, attentionNorm, feedForward, feedForwardNorm)
            {
                AttentionOutputDropout = hiddenDropout,
                FeedForwardDropout = hiddenDropout,
            };
        }
    }

    /// <inheritdoc/>
    protected override PretrainedModel LayOutMasked(ModelConfigFile config, ModelLayout layout, EncoderParts parts, bool tied)
    {
        const string Name = "cls.predictions";
        var bias = layout.Parameter(Name + ".bias", [parts.VocabularySize], ParameterInit.Zeros);
        var dense = layout.Linear(Name + ".transform.dense", parts.HiddenSize, parts.HiddenSize, bias: true);
        var norm = layout.LayerNorm(Name + ".transform.LayerNorm", parts.HiddenSize, config.Number("layer_norm_eps", 1e-12));
        var decoder = MaskedDecoder(layout, Name + ".decoder", parts, tied, bias);
        return new EncoderMaskedLanguageModel(config, layout, parts.Backbone, dense, Activation(config, "hidden_act", "gelu"), norm, decoder)
        {
            HiddenSize = parts.HiddenSize,
            VocabularySize = parts.VocabularySize,
            MaxPositions = parts.MaxPositions,
        };
    }

    /// <inheritdoc/>
    protected override PretrainedModel LayOutClassifier(ModelConfigFile config, ModelLayout layout, EncoderParts parts, IReadOnlyList<string> labels, PretrainedModelOptions options)
    {
        var dense = layout.Linear(Base + ".pooler.dense", parts.HiddenSize, parts.HiddenSize, bias: true);
        var score = layout.Linear("classifier", parts.HiddenSize, labels.Count, bias: true);
        return new EncoderSequenceClassifier(config, layout, labels, parts.Backbone, dense, score)
        {
            HiddenSize = parts.HiddenSize,
            VocabularySize = parts.VocabularySize,
            MaxPositions = parts.MaxPositions,
            Activation = x => x.tanh(),
            Dropout = TokenDropout(config, options),
        };
    }

    /// <inheritdoc/>
    protected override double TokenDropout(ModelConfigFile config, PretrainedModelOptions options) =>
        options.ClassifierDropout ?? config.NumberOrNull("classifier_dropout") ?? Share(config, options.HiddenDropout, "hidden_dropout_prob", 0.1);
}
