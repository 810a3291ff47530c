using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>A trained tensor of an adapter under the name it has in adapter_model.safetensors.</summary>
/// <param name="Name">Such as base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight.</param>
/// <param name="Value">The tensor; float32 leaf that requires a gradient.</param>
/// <param name="Decays">Whether weight decay acts on it by transformers' rule.</param>
public sealed record AdapterTensor(string Name, Tensor Value, bool Decays)
{
    /// <summary>The tensor in the type of the computation.</summary>
    public Tensor As(ScalarType dtype) => Value.dtype == dtype ? Value : Value.to_type(dtype);
}

/// <summary>What an adapter does to one module.</summary>
internal interface IAdapterPart
{
    /// <summary>Module name of the base.</summary>
    string Module { get; }

    /// <summary>Off: the base computes alone.</summary>
    bool Enabled { get; set; }

    /// <summary>Its trained tensors.</summary>
    IEnumerable<AdapterTensor> Tensors { get; }

    /// <summary>The module's weight with the adapter in it, float32, in the base's layout.</summary>
    Tensor MergedWeight();
}
