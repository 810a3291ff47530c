namespace TrainTools.Core.Configuration;

/// <summary>
/// Elements that the forward pass keeps for the backward pass, a token and layer, from what each part of the trainer's
/// models saves. The parts are those of the code: a change there belongs here too, and bench/Forecast shows whether it fits.
/// </summary>
internal sealed class ActivationModel
{
    private static readonly HashSet<string> PlainFeedForward = new(StringComparer.Ordinal) { "gpt2", "gpt_neox", "bert", "roberta", "distilbert" };
    private static readonly HashSet<string> SandwichNorms = new(StringComparer.Ordinal) { "gemma2", "gemma3_text" };

    private readonly ModelFacts model;
    private readonly TrainingConfig config;
    private readonly bool adapters;
    private readonly bool drops;

    public ActivationModel(ModelFacts model, TrainingConfig config)
    {
        this.model = model;
        this.config = config;
        adapters = config.Method.FinetuningType != TrainingMethod.Full;
        drops = adapters && config.Method.LoraDropout > 0;
    }

    private long Hidden => model.HiddenSize;

    private long Query => (long)model.Heads * model.HeadSize;

    private long KeyValue => (long)model.KeyValueHeads * model.HeadSize;

    private long Intermediate => model.IntermediateSize;

    private bool IsPlain => model.ModelType is not null && PlainFeedForward.Contains(model.ModelType);

    /// <summary>Elements a token and layer.</summary>
    public double PerTokenAndLayer => Residuals + Norms + Attention + FeedForward + Dropouts;

    /// <summary>Elements a layer that grow with the square of the row's length, for one row: attention weights, where they are made.</summary>
    /// <param name="length">Tokens of a row.</param>
    public double AttentionWeights(long length)
    {
        var soft = model.ModelType == "gemma2" ? 3.0 : 0;
        var dropped = AttentionDropout > 0 ? 3.0 : 0;
        return Math.Max(soft, dropped) * model.Heads * length * length;
    }

    /// <summary>Elements a token that are made and freed within one layer's backward pass.</summary>
    public double BackwardPerToken => (IsPlain ? 2 : 3) * Intermediate + 2 * Hidden;

    private double AttentionDropout => config.Model.AttentionDropout ?? model.AttentionDropout;

    private double HiddenDropout => config.Model.HiddenDropout ?? model.HiddenDropout;

    // The inputs of both halves; a norm keeps its input.
    private long Residuals => 2 * Hidden;

    private double Norms
    {
        get
        {
            var count = model.ModelType is not null && SandwichNorms.Contains(model.ModelType) ? 4 : 2;
            // RMSNorm keeps what it scales beside what the next layer keeps; a frozen weight needs no copy of it.
            var scaled = IsPlain || adapters ? 0 : Hidden;
            return count * ((double)Hidden + scaled);
        }
    }

    // Rotated q and k, v, and the result; keys and values are repeated for groups of query heads.
    private double Attention => (2 * Query) + (2 * (model.KeyValueHeads < model.Heads ? Query : KeyValue)) + model.Heads + (drops ? 2.0 * ((3 * Hidden) + Query) : 0);

    private double FeedForward => ((IsPlain ? 2 : 4) * Intermediate) + (drops ? 2.0 * (((IsPlain ? 1 : 2) * Hidden) + Intermediate) : 0);

    // The noise, and the product that follows.
    private double Dropouts => HiddenDropout > 0 ? 4 * Hidden : 0;
}
