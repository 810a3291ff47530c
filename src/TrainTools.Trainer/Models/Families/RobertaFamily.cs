using TorchSharp;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Families;

/// <summary>RoBERTa: BERT with positions counted from the padding token's id and heads of its own.</summary>
internal sealed class RobertaFamily : BertFamily
{
    /// <inheritdoc/>
    public override string ModelType => "roberta";

    /// <inheritdoc/>
    public override string ClassPrefix => "Roberta";

    /// <inheritdoc/>
    public override NameAdapter Names { get; } = new("roberta.")
    {
        BufferSuffixes = ["embeddings.position_ids", "embeddings.token_type_ids"],
        OldSuffixes = [(".gamma", ".weight"), (".beta", ".bias")],
        HeadPrefixes = ["lm_head.", "classifier.", "qa_outputs.", "roberta.pooler.", "pooler."],
    };

    /// <inheritdoc/>
    public override IReadOnlyList<TiedName> TiedNames { get; } =
    [
        new("lm_head.decoder.weight", "roberta.embeddings.word_embeddings.weight"),
        new("lm_head.decoder.bias", "lm_head.bias"),
    ];

    /// <inheritdoc/>
    protected override string Base => "roberta";

    /// <inheritdoc/>
    protected override int DefaultPadToken => 1;

    /// <inheritdoc/>
    protected override int DefaultVocabulary => 50265;

    /// <inheritdoc/>
    protected override bool PositionsAfterPadding => true;

    /// <inheritdoc/>
    protected override PretrainedModel LayOutMasked(ModelConfigFile config, ModelLayout layout, EncoderParts parts, bool tied)
    {
        var bias = layout.Parameter("lm_head.bias", [parts.VocabularySize], ParameterInit.Zeros);
        var dense = layout.Linear("lm_head.dense", parts.HiddenSize, parts.HiddenSize, bias: true);
        var norm = layout.LayerNorm("lm_head.layer_norm", parts.HiddenSize, config.Number("layer_norm_eps", 1e-12));
        var decoder = MaskedDecoder(layout, "lm_head.decoder", parts, tied, bias);

        // This head's activation is gelu whatever hidden_act says.
        return new EncoderMaskedLanguageModel(config, layout, parts.Backbone, dense, x => nn.functional.gelu(x), norm, decoder)
        {
            HiddenSize = parts.HiddenSize,
            VocabularySize = parts.VocabularySize,
            MaxPositions = parts.MaxPositions,
        };
    }

    /// <inheritdoc/>
    protected override PretrainedModel LayOutClassifier(ModelConfigFile config, ModelLayout layout, EncoderParts parts, IReadOnlyList<string> labels, PretrainedModelOptions options)
    {
        var dense = layout.Linear("classifier.dense", parts.HiddenSize, parts.HiddenSize, bias: true);
        var score = layout.Linear("classifier.out_proj", parts.HiddenSize, labels.Count, bias: true);
        return new EncoderSequenceClassifier(config, layout, labels, parts.Backbone, dense, score)
        {
            HiddenSize = parts.HiddenSize,
            VocabularySize = parts.VocabularySize,
            MaxPositions = parts.MaxPositions,
            Activation = x => x.tanh(),
            Dropout = TokenDropout(config, options),
            DropoutBeforeDense = true,
        };
    }
}
