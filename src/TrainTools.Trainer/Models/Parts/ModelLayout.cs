using System.Collections;
using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>
/// Declares a model's layers under their Hugging Face names, in the order of the family's own modules. Declaring makes
/// no tensor: names and shapes are known before a file is opened, and every missing or misshapen tensor can be named at once.
/// </summary>
internal sealed class ModelLayout : IDisposable
{
    private readonly List<ModelParameter> parameters = [];
    private readonly Dictionary<string, LinearLayer> linears = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EmbeddingLayer> embeddings = new(StringComparer.Ordinal);
    private readonly List<IDisposable> owned = [];

    /// <summary>Parameters in order; tied ones once.</summary>
    public IReadOnlyList<ModelParameter> Parameters => parameters;

    /// <summary>Linear layers by module name.</summary>
    public IReadOnlyDictionary<string, LinearLayer> Linears => linears;

    /// <summary>Embeddings by module name.</summary>
    public IReadOnlyDictionary<string, EmbeddingLayer> Embeddings => embeddings;

    public ModelParameter Parameter(string name, long[] shape, ParameterInit init = ParameterInit.Normal, bool layerNorm = false)
    {
        var parameter = new ModelParameter(name, shape, init, !layerNorm && DecayRule.Decays(name));
        parameters.Add(parameter);
        return parameter;
    }

    public LinearLayer Linear(string name, long input, long output, bool bias)
    {
        var layer = new LinearLayer(
            name,
            Parameter(name + ".weight", [output, input]),
            bias ? Parameter(name + ".bias", [output], ParameterInit.Zeros) : null,
            transposed: false);
        linears.Add(name, layer);
        return layer;
    }

    /// <summary>GPT-2's Conv1D: a linear layer whose weight is stored [in, out].</summary>
    public LinearLayer Conv1D(string name, long input, long output)
    {
        var layer = new LinearLayer(
            name,
            Parameter(name + ".weight", [input, output]),
            Parameter(name + ".bias", [output], ParameterInit.Zeros),
            transposed: true);
        linears.Add(name, layer);
        return layer;
    }

    /// <summary>A head that shares its weight with an embedding.</summary>
    public LinearLayer TiedLinear(string name, EmbeddingLayer embedding, ModelParameter? bias = null)
    {
        var layer = new LinearLayer(name, embedding.Weight, bias, transposed: false);
        linears.Add(name, layer);
        return layer;
    }

    /// <summary>A table; a negative padding index counts from the end, as in PyTorch, and null means none.</summary>
    public EmbeddingLayer Embedding(string name, long rows, long size, int? paddingIndex = null)
    {
        long padding = paddingIndex switch
        {
            null => -1,
            < 0 => rows + paddingIndex.Value,
            _ => paddingIndex.Value,
        };
        var layer = new EmbeddingLayer(name, Parameter(name + ".weight", [rows, size]), padding);
        embeddings.Add(name, layer);
        return layer;
    }

    public RmsNormLayer RmsNorm(string name, long size, double epsilon, RmsNormStyle style = RmsNormStyle.CastThenScale) =>
        new(Parameter(name + ".weight", [size], style == RmsNormStyle.OffsetThenCast ? ParameterInit.Zeros : ParameterInit.Ones), epsilon, style);

    public LayerNormLayer LayerNorm(string name, long size, double epsilon) => new(
        Parameter(name + ".weight", [size], ParameterInit.Ones, layerNorm: true),
        Parameter(name + ".bias", [size], ParameterInit.Zeros, layerNorm: true),
        epsilon);

    /// <summary>Something to be disposed of with the model.</summary>
    public T Own<T>(T thing)
        where T : IDisposable
    {
        owned.Add(thing);
        return thing;
    }

    public void Dispose()
    {
        parameters.ForEach(p => p.Free());
        foreach (var layer in linears.Values)
        {
            (layer.FrozenProduct as IDisposable)?.Dispose();
            layer.FrozenProduct = null;
        }

        owned.ForEach(o => o.Dispose());
    }
}

/// <summary>The parameters' tensors by name, always the present ones.</summary>
internal sealed class ParameterView(IReadOnlyList<ModelParameter> parameters) : IReadOnlyDictionary<string, Tensor>
{
    private readonly Dictionary<string, ModelParameter> byName = parameters.ToDictionary(p => p.Name, StringComparer.Ordinal);

    public int Count => parameters.Count;

    public IEnumerable<string> Keys => parameters.Select(p => p.Name);

    public IEnumerable<Tensor> Values => parameters.Select(p => p.Value);

    public Tensor this[string key] => byName[key].Value;

    public bool ContainsKey(string key) => byName.ContainsKey(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out Tensor value)
    {
        bool found = byName.TryGetValue(key, out var parameter);
        value = found ? parameter!.Value : null;
        return found;
    }

    public IEnumerator<KeyValuePair<string, Tensor>> GetEnumerator() =>
        parameters.Select(p => KeyValuePair.Create(p.Name, p.Value)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
