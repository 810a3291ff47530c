using TorchSharp;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>An embedding with a LoRA adapter: row(A)ᵀ·Bᵀ is added to the vector looked up.</summary>
internal sealed class LoraEmbedding : IEmbeddingAdapter, IAdapterPart
{
    private readonly EmbeddingLayer layer;

    /// <summary>Makes the part; the tensors become its own.</summary>
    public LoraEmbedding(EmbeddingLayer layer, AdapterTensor a, AdapterTensor b, double scale)
    {
        (this.layer, A, B, Scale) = (layer, a, b, scale);
        layer.Adapter = this;
    }

    /// <summary>[r, rows].</summary>
    public AdapterTensor A { get; }

    /// <summary>[size, r].</summary>
    public AdapterTensor B { get; }

    /// <summary>Factor of the update.</summary>
    public double Scale { get; }

    /// <inheritdoc/>
    public bool Enabled { get; set; } = true;

    /// <inheritdoc/>
    public string Module => layer.Name;

    /// <inheritdoc/>
    public IEnumerable<AdapterTensor> Tensors => [A, B];

    /// <inheritdoc/>
    public Tensor Forward(EmbeddingLayer layer, Tensor ids, ScalarType dtype, bool training)
    {
        using var scope = NewDisposeScope();
        var plain = this.layer.BaseForward(ids, dtype);
        if (!Enabled)
        {
            return plain.MoveToOuterDisposeScope();
        }

        var rows = ModelOps.Embedding(A.Value.t(), ids, -1);
        var update = nn.functional.linear(rows, B.Value).mul(Scale);
        return plain.add(update.to_type(dtype)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor MergedWeight()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        return layer.Weight.Value.to_type(ScalarType.Float32).add(B.Value.mm(A.Value).t().mul(Scale)).MoveToOuterDisposeScope();
    }
}
