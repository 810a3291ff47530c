using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// A linear layer trained in full beside the adapters: it computes with its own copy, so that a weight tied to an embedding
/// is untied, as PEFT's modules_to_save does.
/// </summary>
internal sealed class SavedLinear : ILinearAdapter, IAdapterPart
{
    private readonly LinearLayer layer;

    public SavedLinear(LinearLayer layer, AdapterTensor weight, AdapterTensor? bias)
    {
        (this.layer, Weight, Bias) = (layer, weight, bias);
        layer.Adapter = this;
    }

    public AdapterTensor Weight { get; }

    public AdapterTensor? Bias { get; }

    public bool Enabled { get; set; } = true;

    public string Module => layer.Name;

    public IEnumerable<AdapterTensor> Tensors => Bias is null ? [Weight] : [Weight, Bias];

    public Tensor Forward(LinearLayer layer, Tensor input, bool training)
    {
        if (!Enabled)
        {
            return this.layer.BaseForward(input);
        }

        var weight = Weight.As(input.dtype);
        return nn.functional.linear(input, this.layer.Transposed ? weight.t() : weight, Bias?.As(input.dtype));
    }

    public Tensor MergedWeight() => Weight.Value.detach().clone();
}

/// <summary>An embedding trained in full beside the adapters.</summary>
internal sealed class SavedEmbedding : IEmbeddingAdapter, IAdapterPart
{
    private readonly EmbeddingLayer layer;

    public SavedEmbedding(EmbeddingLayer layer, AdapterTensor weight)
    {
        (this.layer, Weight) = (layer, weight);
        layer.Adapter = this;
    }

    public AdapterTensor Weight { get; }

    public bool Enabled { get; set; } = true;

    public string Module => layer.Name;

    public IEnumerable<AdapterTensor> Tensors => [Weight];

    public Tensor Forward(EmbeddingLayer layer, Tensor ids, ScalarType dtype, bool training)
    {
        if (!Enabled)
        {
            return this.layer.BaseForward(ids, dtype);
        }

        var rows = ModelOps.Embedding(Weight.Value, ids, this.layer.PaddingIndex);
        return rows.dtype == dtype ? rows : rows.to_type(dtype);
    }

    public Tensor MergedWeight() => Weight.Value.detach().clone();
}
