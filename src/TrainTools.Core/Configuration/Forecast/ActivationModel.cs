using TrainTools.Core.Samples;

namespace TrainTools.Core.Configuration;

/// <summary>
/// Elements that the forward pass keeps for the backward pass, a token and layer, from what each part of the trainer's
/// models saves. The parts are those of the code: a change there belongs here too, and bench/Forecast shows whether it fits.
/// </summary>
internal sealed class ActivationModel
{
    private static readonly HashSet<string> PlainFeedForward = new(StringComparer.Ordinal) { "gpt2", "gpt_neox", "bert", "roberta", "distilbert" };
    private static readonly HashSet<string> SandwichNorms = new(StringComparer.Ordinal) { "gemma2", "gemma3_text" };

    // Norm and projections, and norm and gated branch, are one node of the graph each (Models/Parts/Fused).
    private static readonly HashSet<string> Fused = new(StringComparer.Ordinal) { "llama", "mistral", "qwen2", "qwen3", "smollm3" };

    // Their norm alone is one node.
    private static readonly HashSet<string> FusedNorms = new(StringComparer.Ordinal) { "llama", "mistral", "qwen2", "qwen3", "smollm3", "phi3", "olmo2" };

    private readonly ModelFacts model;
    private readonly TrainingConfig config;
    private readonly LayerAdapters adapters;
    private readonly bool full;
    private readonly bool single;
    private readonly long tokens;

    public ActivationModel(ModelFacts model, TrainingConfig config, long tokens)
    {
        this.tokens = tokens;
        this.model = model;
        this.config = config;
        adapters = LayerAdapters.Of(config, model);
        full = config.Method.FinetuningType == TrainingMethod.Full;
        single = config.Runtime.Precision is null or Precision.Fp32;
    }

    private long Hidden => model.HiddenSize;

    private long Query => (long)model.Heads * model.HeadSize;

    private long KeyValue => (long)model.KeyValueHeads * model.HeadSize;

    private long Intermediate => model.IntermediateSize;

    private bool IsPlain => Is(PlainFeedForward);

    /// <summary>Elements a token and layer.</summary>
    public double PerTokenAndLayer => Residuals + Norms + Attention + FeedForward + Dropouts + Adapters;

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

    // The inputs of both halves, which their norms keep.
    private long Residuals => 2 * Hidden;

    // What the norms put out, where a product keeps it; a norm made of single operators keeps a scaled copy too.
    private double Norms
    {
        get
        {
            var projected = !InNodes && (full || adapters.Projections > 0) ? Hidden : 0;
            var raised = !InNodes && (full || adapters.Raising > 0) ? Hidden : 0;
            var scaled = IsPlain || (single && Is(FusedNorms)) ? 0 : full ? 2 * Hidden : Hidden;
            return (projected + raised + scaled) * (Is(SandwichNorms) ? 2 : 1);
        }
    }

    // Rotated q and k, v, and the result; groups of query heads share keys and values.
    private double Attention => (2 * Query) + (2 * KeyValue) + model.Heads + (model.ModelType == "qwen3" ? Query + KeyValue : 0);

    // What the activation needs, and the product behind it where down is trained or adapted.
    private double FeedForward
    {
        get
        {
            // With adapters up is made again, unless the tokens are few (and the weights not quantised) or one layer is there at a time.
            if (InNodes)
            {
                var few = tokens < 2 * BatchParts.AdapterTokens && !AdapterCount.HasQuantizedBase(config, model);
                return Intermediate * (full || few || config.Batch.GradientCheckpointing ? 2.0 : 1.0);
            }

            var before = IsPlain ? 1 : Is(Fused) ? 2 : 3;
            return (before + (full || adapters.Lowering ? 1 : 0)) * (double)Intermediate;
        }
    }

    // The noise, and the product that follows.
    private double Dropouts => HiddenDropout > 0 ? 4 * Hidden : 0;

    // The small products, and dropout's mask of one byte for each number that goes into an adapter; inside the nodes, and with them, none is kept.
    private double Adapters
    {
        get
        {
            if (InNodes)
            {
                return 0;
            }

            var (rank, inner) = (config.Method.LoraR ?? 0, (adapters.Output ? 1 : 0) + (adapters.Lowering ? 1 : 0));
            var inputs = ((adapters.Projections + adapters.Raising) * (double)Hidden) + (adapters.Output ? Query : 0) + (adapters.Lowering ? Intermediate : 0);
            return (rank * (adapters.Projections + adapters.Raising + inner)) + (config.Method.LoraDropout > 0 ? inputs / (single ? 4 : 2) : 0);
        }
    }

    // Whether the beginning of a layer and its gated half are one node of the graph each, adapters included.
    private bool InNodes => single && Is(Fused) && (full || config.Method.UseDora != true);

    private bool Is(HashSet<string> families) => model.ModelType is not null && families.Contains(model.ModelType);
}
