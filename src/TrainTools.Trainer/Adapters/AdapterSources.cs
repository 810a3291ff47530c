using TrainTools.Core.Adapters;
using TrainTools.Core.Errors;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models.Loading;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>What a tensor of an adapter is, and so how it begins.</summary>
internal enum AdapterRole
{
    A,
    B,
    EmbeddingA,
    EmbeddingB,
    Magnitude,
    Copy,
    Bias,
}

/// <summary>Where the tensors of an adapter come from.</summary>
internal interface IAdapterSource
{
    /// <summary>A float32 tensor that the caller owns.</summary>
    /// <param name="name">Name in the file.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="role">What it is.</param>
    /// <param name="first">Its value in a new adapter, where the role does not tell.</param>
    Tensor Get(string name, long[] shape, AdapterRole role, Tensor? first = null);
}

/// <summary>
/// A new adapter: A Kaiming-uniform with a = √5 (bound 1/√in) or normal with deviation 1/r, B zero; for embeddings A zero and
/// B normal. With init_lora_weights false both are as a new linear layer's. Source: peft 0.20, tuners/lora/layer.py.
/// </summary>
internal sealed class InitialAdapter(string init, long seed) : IAdapterSource, IDisposable
{
    private readonly Generator generator = new((ulong)seed);

    public Tensor Get(string name, long[] shape, AdapterRole role, Tensor? first = null)
    {
        using var scope = NewDisposeScope();
        var value = role switch
        {
            AdapterRole.Magnitude or AdapterRole.Copy or AdapterRole.Bias => first!.clone(),
            AdapterRole.A or AdapterRole.B when first is not null => first.clone(),
            AdapterRole.A when init == "gaussian" => randn(shape, ScalarType.Float32, generator: generator).div_(shape[0]),
            AdapterRole.A => Kaiming(shape),
            AdapterRole.B when init == "false" => Kaiming(shape),
            AdapterRole.EmbeddingA when init == "false" => randn(shape, ScalarType.Float32, generator: generator),
            AdapterRole.EmbeddingB => randn(shape, ScalarType.Float32, generator: generator),
            _ => zeros(shape, ScalarType.Float32),
        };
        return value.MoveToOuterDisposeScope();
    }

    public void Dispose() => generator.Dispose();

    private Tensor Kaiming(long[] shape) => rand(shape, ScalarType.Float32, generator: generator).mul_(2).sub_(1).div_(Math.Sqrt(shape[1]));
}

/// <summary>adapter_model.safetensors.</summary>
internal sealed class AdapterFile : IAdapterSource, IDisposable
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "adapter_model.safetensors";

    /// <summary>What PEFT puts before a module's name.</summary>
    public const string Prefix = "base_model.model.";

    private const int NamesShown = 6;

    private readonly SafetensorsFile file;
    private readonly HashSet<string> used = new(StringComparer.Ordinal);

    private AdapterFile(SafetensorsFile file) => this.file = file;

    /// <summary>Whether a folder holds an adapter's weights.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, FileName));

    public static AdapterFile Open(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            var pickle = File.Exists(Path.Combine(folder, "adapter_model.bin"));
            throw new TrainToolsException(
                ErrorIds.AdapterWeightsMissing, ErrorKind.NotFound,
                $"The folder '{folder}' holds no {FileName}{(pickle ? ", only adapter_model.bin: a pickle file, which runs code when it is read" : string.Empty)}.",
                pickle ? "Save the adapter with safe_serialization=True." : "Copy the file that belongs beside adapter_config.json, or save the adapter again.", path);
        }

        return new AdapterFile(SafetensorsFile.Open(path));
    }

    public static void Save(string folder, IReadOnlyList<(string Name, Tensor Value)> tensors) =>
        SafetensorsWriter.Write(Path.Combine(folder, FileName), [.. tensors.Select(t => TensorBytes.Item(t.Name, t.Value))]);

    public Tensor Get(string name, long[] shape, AdapterRole role, Tensor? first = null)
    {
        // Older PEFT versions lost the biases that lora_only trains.
        if (role == AdapterRole.Bias && !file.TryGet(name, out _))
        {
            return first!.clone();
        }

        // Older PEFT versions wrote the magnitude as a module with a weight.
        if (!file.TryGet(name, out var entry) && !(role == AdapterRole.Magnitude && file.TryGet(name + ".weight", out entry)))
        {
            throw Mismatch($"the base has a layer for the tensor '{name}', which the adapter does not hold");
        }

        if (!entry.Shape.SequenceEqual(shape))
        {
            throw Mismatch($"'{entry.Name}' is {entry.ShapeText} in the adapter, but the base asks for [{string.Join(", ", shape)}]");
        }

        used.Add(entry.Name);
        return TensorBytes.Read(file, entry, ScalarType.Float32);
    }

    /// <summary>Names that were not asked for yet.</summary>
    public IReadOnlyList<string> Left() => [.. file.Entries.Select(e => e.Name).Where(n => !used.Contains(n))];

    /// <summary>Refuses tensors that no layer of the base took.</summary>
    public void RefuseLeftovers()
    {
        var left = Left();
        if (left.Count > 0)
        {
            throw Mismatch($"the base has no place for {left.Count} of its tensors: {string.Join(", ", left.Take(NamesShown))}{(left.Count > NamesShown ? ", …" : string.Empty)}");
        }
    }

    public void Dispose() => file.Dispose();

    /// <summary>The error of an adapter that belongs to another base.</summary>
    public TrainToolsException Mismatch(string what) => new(
        ErrorIds.AdapterBaseMismatch, ErrorKind.InvalidData, $"The adapter '{file.Path}' does not fit the base: {what}.",
        "Use the base that adapter_config.json names in base_model_name_or_path.", file.Path);
}
