using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>How a parameter that no file gives is filled: only the heads of a new task are ever made anew.</summary>
public enum ParameterInit
{
    /// <summary>Normal with the config's initializer_range.</summary>
    Normal,

    /// <summary>Zeros (biases).</summary>
    Zeros,

    /// <summary>Ones (norm weights).</summary>
    Ones,
}

/// <summary>
/// One parameter: declared with name and shape when the model is laid out, given its tensor when the weights are read.
/// Layers look the tensor up at each use, so it can be replaced (another device, a restored checkpoint).
/// </summary>
public sealed class ModelParameter
{
    private Tensor? value;

    internal ModelParameter(string name, IReadOnlyList<long> shape, ParameterInit init, bool decays)
    {
        Name = name;
        Shape = shape;
        Init = init;
        Decays = decays;
    }

    /// <summary>Hugging Face name.</summary>
    public string Name { get; }

    /// <summary>Sizes the family's config asks for.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Filling where no file has it.</summary>
    public ParameterInit Init { get; }

    /// <summary>Whether weight decay acts on it by transformers' rule.</summary>
    public bool Decays { get; }

    /// <summary>Whether the tensor is there.</summary>
    public bool IsLoaded => value is not null;

    /// <summary>The tensor. Setting it disposes of the one before.</summary>
    public Tensor Value
    {
        get => value ?? throw new InvalidOperationException($"Parameter '{Name}' has no tensor yet.");
        set
        {
            if (!ReferenceEquals(this.value, value))
            {
                this.value?.Dispose();
                this.value = value.DetachFromDisposeScope();
            }
        }
    }

    /// <summary>The tensor in the type of the computation: fp32 masters are cast where they are used.</summary>
    public Tensor As(ScalarType dtype) => Value.dtype == dtype ? Value : Value.to_type(dtype);

    /// <summary>Frees the tensor.</summary>
    internal void Free()
    {
        value?.Dispose();
        value = null;
    }
}
