using TorchSharp;
using TrainTools.Trainer.Backend;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>What a probe saw of a step; null where it was not looked at.</summary>
public sealed record StepSignals
{
    /// <summary>Norm of the first micro-batch's gradient as if it were the whole step.</summary>
    public double? MicroGradNorm { get; init; }

    /// <summary>Median over the trained matrices of the norm of the update over the norm of the weights.</summary>
    public double? UpdateRatio { get; init; }

    /// <summary>Gradient norms by group of layers.</summary>
    public IReadOnlyDictionary<string, double>? GroupGradNorms { get; init; }

    /// <summary>Tensors that have not changed since the last look.</summary>
    public IReadOnlyList<string>? StillParameters { get; init; }

    /// <summary>Adapters whose B is all zeros.</summary>
    public int? ZeroAdapters { get; init; }

    /// <summary>Adapters in all.</summary>
    public int? Adapters { get; init; }

    /// <summary>First tensor that is not finite.</summary>
    public string? NonFiniteTensor { get; init; }
}

/// <summary>
/// Looks into every twentieth step (and the first ones), after two hundred steps into every fiftieth, for what detectors
/// need beyond the loss. It reads at most
/// <see cref="Elements"/> evenly spread elements of each tensor, so its cost does not grow with the model.
/// </summary>
/// <param name="groups">What is trained.</param>
/// <param name="interval">Steps between looks; two and a half times as many after ten of them.</param>
public sealed class StepProbe(IReadOnlyList<ParameterGroup> groups, int interval = 20)
{
    /// <summary>Elements read of a tensor.</summary>
    public const int Elements = 1024;

    private readonly string[] names = [.. groups.SelectMany(g => g.Names)];
    private readonly Tensor[] tensors = [.. groups.SelectMany(g => g.Tensors)];
    private float[][]? lastLook;
    private float[][]? before;
    private bool looking;
    private double? microNorm;
    private Dictionary<string, double>? groupNorms;

    /// <summary>What was seen of the step; complete after <see cref="AfterUpdate"/>.</summary>
    public StepSignals? Signals { get; private set; }

    /// <summary>A step begins (0-based).</summary>
    public void Begin(int step)
    {
        looking = step % (step <= 10 * interval ? interval : 5 * interval / 2) == 0 || step is 1 or 2 or 5 or 10;
        (before, microNorm, groupNorms, Signals) = (null, null, null, null);
    }

    /// <summary>The gradient of the first of several micro-batches is there.</summary>
    /// <param name="share">Its share of the step's targets.</param>
    /// <param name="scale">Loss scale.</param>
    public void AfterFirstBatch(double share, double scale)
    {
        if (looking && share > 0)
        {
            microNorm = TorchOps.GlobalNorm(Gradients().Gradients).ToDouble() / scale / share;
        }
    }

    /// <summary>The step's gradient is there, the parameters are still the old ones.</summary>
    /// <param name="norm">Its norm.</param>
    /// <param name="scale">Loss scale.</param>
    public void BeforeUpdate(double norm, double scale)
    {
        if (!double.IsFinite(norm))
        {
            Signals = new StepSignals { NonFiniteTensor = FindNonFinite() };
            looking = false;
        }

        if (looking)
        {
            groupNorms = GroupNorms(scale);
            before = Read();
        }
    }

    /// <summary>The parameters are the new ones.</summary>
    public void AfterUpdate()
    {
        if (!looking || before is null)
        {
            return;
        }

        var after = Read();
        var ratios = new List<double>();
        var still = new List<string>();
        for (var i = 0; i < tensors.Length; i++)
        {
            if (lastLook is not null && lastLook[i].AsSpan().SequenceEqual(after[i]))
            {
                still.Add(names[i]);
            }

            // A matrix that began as zeros (B of an adapter) has no size of its own to compare with yet.
            if (tensors[i].dim() >= 2 && !IsAdapterB(names[i]) && Norm(before[i]) is > 0 and var size)
            {
                ratios.Add(Distance(before[i], after[i]) / size);
            }
        }

        var adapters = names.Select((n, i) => (n, i)).Where(p => IsAdapterB(p.n)).Select(p => p.i).ToList();
        Signals = new StepSignals
        {
            MicroGradNorm = microNorm,
            GroupGradNorms = groupNorms,
            UpdateRatio = ratios.Count == 0 ? null : Median(ratios),
            StillParameters = lastLook is null ? null : still,
            Adapters = adapters.Count == 0 ? null : adapters.Count,
            ZeroAdapters = adapters.Count == 0 ? null : adapters.Count(i => Norm(after[i]) == 0),
        };
        lastLook = after;
    }

    private static bool IsAdapterB(string name) => name.Contains("lora_B", StringComparison.Ordinal);

    private static double Median(List<double> values)
    {
        values.Sort();
        var middle = values.Count / 2;
        return values.Count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    private static double Norm(float[] values)
    {
        double sum = 0;
        foreach (var value in values)
        {
            sum += (double)value * value;
        }

        return Math.Sqrt(sum);
    }

    private static double Distance(float[] one, float[] other)
    {
        double sum = 0;
        for (var i = 0; i < one.Length; i++)
        {
            double difference = other[i] - one[i];
            sum += difference * difference;
        }

        return Math.Sqrt(sum);
    }

    /// <summary>"layers.3" of a tensor's name, or its first part that is not a wrapper's.</summary>
    private static string GroupOf(string name)
    {
        var parts = name.Split('.');
        for (var i = 1; i < parts.Length; i++)
        {
            if (int.TryParse(parts[i], out _))
            {
                return $"{parts[i - 1]}.{parts[i]}";
            }
        }

        return parts.Length > 1 && parts[^1] is "weight" or "bias" ? parts[^2] : parts[^1];
    }

    // One transfer for all: elements of each tensor at even distances, flattened.
    private float[][] Read()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var picked = tensors.Select(t =>
        {
            var flat = t.flatten();
            var stride = Math.Max(1, (t.numel() + Elements - 1) / Elements);
            return (stride == 1 ? flat : flat.slice(0, 0, flat.shape[0], stride)).to(ScalarType.Float32);
        }).ToArray();
        var all = cat(picked).cpu().data<float>().ToArray();
        var result = new float[picked.Length][];
        var at = 0;
        for (var i = 0; i < picked.Length; i++)
        {
            var length = (int)picked[i].shape[0];
            result[i] = all[at..(at + length)];
            at += length;
        }

        return result;
    }

    private (List<string> Names, Tensor[] Gradients) Gradients()
    {
        var found = new List<string>();
        var gradients = new List<Tensor>();
        for (var i = 0; i < tensors.Length; i++)
        {
            if (tensors[i].grad is { } gradient)
            {
                found.Add(names[i]);
                gradients.Add(gradient);
            }
        }

        return (found, [.. gradients]);
    }

    private Dictionary<string, double> GroupNorms(double scale)
    {
        using var scope = NewDisposeScope();
        var (found, gradients) = Gradients();
        var norms = stack(TorchOps.Norms(gradients)).to(ScalarType.Float32).cpu().data<float>().ToArray();
        var groups = new Dictionary<string, double>(StringComparer.Ordinal);
        for (var i = 0; i < norms.Length; i++)
        {
            var group = GroupOf(found[i]);
            groups[group] = groups.GetValueOrDefault(group) + ((double)norms[i] * norms[i]);
        }

        return groups.ToDictionary(g => g.Key, g => Math.Sqrt(g.Value) / scale, StringComparer.Ordinal);
    }

    // A parameter if one is broken already; else the gradient that is not finite while others are, else all of them.
    private string? FindNonFinite()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var (found, gradients) = Gradients();
        for (var i = 0; i < tensors.Length; i++)
        {
            if (!isfinite(tensors[i]).all().ToBoolean())
            {
                return $"parameter {names[i]}";
            }
        }

        var bad = found.Where((_, i) => !isfinite(gradients[i]).all().ToBoolean()).ToList();
        return bad.Count == 0 ? null : bad.Count == found.Count ? "every gradient" : $"gradient of {bad[^1]}";
    }
}
