using TrainTools.Core.Configuration;
using System.Text.Json;
using TorchSharp;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Parity.Models;

/// <summary>
/// Losses and an optimizer step written down as plainly as the formulas, so that a model is compared without the
/// trainer's own faster ones.
/// </summary>
public static class ReferenceTraining
{
    /// <summary>Logits of any kind of model: every token's, or every text's.</summary>
    public static Tensor Logits(PretrainedModel model, ModelInput input) => model switch
    {
        CausalLanguageModel m => m.Logits(m.HiddenStates(input)),
        MaskedLanguageModel m => m.Logits(m.HiddenStates(input)),
        TokenClassifier m => m.Logits(input),
        SequenceClassifier m => m.Logits(input),
        _ => throw new NotSupportedException(model.GetType().Name),
    };

    /// <summary>The mean loss of a batch, as the model's own class in transformers computes it.</summary>
    public static Tensor Loss(PretrainedModel model, IReadOnlyList<FixtureRow> rows, Tensor logits)
    {
        if (model is SequenceClassifier classifier)
        {
            return ClassifierLoss(classifier, rows, logits);
        }

        long length = logits.shape[1];
        var labels = stack(rows.Select(r => tensor(Padded(r.Labels, length))).ToArray());
        if (model is CausalLanguageModel)
        {
            logits = logits.narrow(1, 0, length - 1);
            labels = labels.narrow(1, 1, length - 1);
        }

        return nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index: -100);
    }

    /// <summary>L2 norm of each gradient, and of all together.</summary>
    public static (Dictionary<string, double> Each, double All) GradientNorms(PretrainedModel model)
    {
        var each = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, parameter) in model.Parameters)
        {
            using var gradient = parameter.grad;
            if (gradient is not null)
            {
                each[name] = gradient.to_type(ScalarType.Float64).norm().ToDouble();
            }
        }

        return (each, Math.Sqrt(each.Values.Sum(n => n * n)));
    }

    private static Tensor ClassifierLoss(SequenceClassifier model, IReadOnlyList<FixtureRow> rows, Tensor logits)
    {
        bool lists = rows[0].Labels.ValueKind == JsonValueKind.Array;
        bool whole = !lists && rows.All(r => r.Labels.TryGetInt64(out _) && !r.Labels.GetRawText().Contains('.', StringComparison.Ordinal));
        var problem = model.ProblemType ?? (model.Labels.Count == 1
            ? ProblemType.Regression
            : whole ? ProblemType.SingleLabelClassification : ProblemType.MultiLabelClassification);
        if (problem == ProblemType.SingleLabelClassification)
        {
            return nn.functional.cross_entropy(logits, tensor(rows.Select(r => r.Labels.GetInt64()).ToArray()));
        }

        var targets = tensor(rows.SelectMany(r => lists ? r.Labels.EnumerateArray().Select(v => v.GetSingle()) : [r.Labels.GetSingle()]).ToArray()).view(logits.shape);
        return problem == ProblemType.Regression
            ? nn.functional.mse_loss(logits, targets)
            : nn.functional.binary_cross_entropy_with_logits(logits, targets);
    }

    private static long[] Padded(JsonElement labels, long length)
    {
        long[] padded = Enumerable.Repeat(-100L, (int)length).ToArray();
        int i = 0;
        foreach (var label in labels.EnumerateArray())
        {
            padded[i++] = label.GetInt64();
        }

        return padded;
    }
}

/// <summary>AdamW with decoupled weight decay, one tensor operation after another.</summary>
public sealed class ReferenceAdamW(PretrainedModel model, double learningRate, double weightDecay, double beta1, double beta2, double epsilon, double maxNorm) : IDisposable
{
    private readonly Dictionary<string, (Tensor First, Tensor Second)> moments = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tensor> largest = new(StringComparer.Ordinal);
    private readonly IReadOnlySet<string> spared = model.NoDecayParameterNames;
    private double largestNorm;
    private int steps;

    /// <summary>
    /// How far chance can move the sum of a parameter: AdamW makes of a gradient that is nothing but rounding (a key's
    /// bias moves no score) a whole step in a direction of chance, so each such element walks at random.
    /// </summary>
    public double Chance(string name)
    {
        using var scope = NewDisposeScope();
        return largest.TryGetValue(name, out var seen)
            ? learningRate * Math.Sqrt(steps * seen.lt(1e-7 * largestNorm).sum().ToDouble())
            : 0;
    }

    /// <summary>Clips, updates and clears the gradients; returns their norm before clipping.</summary>
    public double Step()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        steps++;
        double norm = ReferenceTraining.GradientNorms(model).All;
        largestNorm = Math.Max(largestNorm, norm);
        double factor = Math.Min(1, maxNorm / (norm + 1e-6));
        foreach (var (name, parameter) in model.Parameters)
        {
            var gradient = parameter.grad;
            if (gradient is null)
            {
                continue;
            }

            if (!moments.TryGetValue(name, out var moment))
            {
                moments[name] = moment = (zeros_like(parameter).DetachFromDisposeScope(), zeros_like(parameter).DetachFromDisposeScope());
            }

            largest[name] = largest.TryGetValue(name, out var seen)
                ? maximum(seen, gradient.abs()).DetachFromDisposeScope()
                : gradient.abs().DetachFromDisposeScope();
            seen?.Dispose();
            gradient = gradient.mul(factor);
            parameter.mul_(1 - (learningRate * (spared.Contains(name) ? 0 : weightDecay)));
            moment.First.mul_(beta1).add_(gradient, 1 - beta1);
            moment.Second.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
            var root = moment.Second.div(1 - Math.Pow(beta2, steps)).sqrt_().add_(epsilon);
            parameter.addcdiv_(moment.First, root, -learningRate / (1 - Math.Pow(beta1, steps)));
            parameter.grad = null;
        }

        return norm;
    }

    /// <summary>Frees the moments.</summary>
    public void Dispose()
    {
        foreach (var (first, second) in moments.Values)
        {
            first.Dispose();
            second.Dispose();
        }

        foreach (var seen in largest.Values)
        {
            seen.Dispose();
        }
    }
}
