using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>What takes the place of an embedding's lookup: adapters on embeddings.</summary>
public interface IEmbeddingAdapter
{
    /// <summary>The lookup with the adapter; <see cref="EmbeddingLayer.BaseForward"/> gives the plain one.</summary>
    Tensor Forward(EmbeddingLayer layer, Tensor ids, ScalarType dtype, bool training);
}

/// <summary>A table of vectors. The name is Hugging Face's module name.</summary>
public sealed class EmbeddingLayer
{
    internal EmbeddingLayer(string name, ModelParameter weight, long paddingIndex)
    {
        Name = name;
        Weight = weight;
        PaddingIndex = paddingIndex;
    }

    /// <summary>Module name, such as model.embed_tokens.</summary>
    public string Name { get; }

    /// <summary>[rows, size].</summary>
    public ModelParameter Weight { get; }

    /// <summary>The row whose lookup gets no gradient, as in the family's own module; -1 = none.</summary>
    public long PaddingIndex { get; }

    /// <summary>The adapter in force; null = none.</summary>
    public IEmbeddingAdapter? Adapter { get; set; }

    /// <summary>Ids [...] → [..., size] in the given type.</summary>
    public Tensor Forward(Tensor ids, ScalarType dtype, bool training) =>
        Adapter is null ? BaseForward(ids, dtype) : Adapter.Forward(this, ids, dtype, training);

    /// <summary>The lookup without the adapter. Only the rows looked up are cast.</summary>
    public Tensor BaseForward(Tensor ids, ScalarType dtype)
    {
        var rows = ModelOps.Embedding(Weight.Value, ids, PaddingIndex);
        return rows.dtype == dtype ? rows : rows.to_type(dtype);
    }
}
