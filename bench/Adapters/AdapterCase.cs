using System.Diagnostics;
using System.Globalization;
using TorchSharp;
using TrainTools.Bench.Training;
using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Core.Training;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Training;

namespace TrainTools.Bench.Adapters;

/// <summary>One model trained by one method, measured in a process of its own.</summary>
internal static class AdapterCase
{
    private const int Tokens = 512;
    private const int WarmUp = 2;

    /// <summary>Writes a model: (a) is the training benchmark's 56 M parameters, (b) has 126 M. Not in the process that is measured: its peak would stay.</summary>
    public static void Write(string folder, string model) =>
        RandomLlama.Write(folder, model == "a" ? new LlamaSizes(512, 8, 8, 4, 1408, 32000) : new LlamaSizes(768, 12, 12, 4, 2048, 32000));

    /// <summary>"ms tokens/s peak-MB trained-parameters".</summary>
    public static string Run(BenchOptions options)
    {
        torch.set_num_threads(options.Threads);
        return Measure(options.Folder, options);
    }

    private static string Measure(string folder, BenchOptions options)
    {
        var method = new MethodConfig
        {
            FinetuningType = options.Methods[0] switch { "full" => TrainingMethod.Full, "qlora" => TrainingMethod.Qlora, _ => TrainingMethod.Lora },
            LoraR = 16,
            LoraAlpha = 32,
            LoraDropout = options.Dropout,
            TargetModules = ["all-linear"],
        };
        using var model = PretrainedModelLoader.LoadCausal(folder, new PretrainedModelOptions { Quantization = AdapterFactory.Quantization(method) });
        using var adapter = method.FinetuningType == TrainingMethod.Full ? null : AdapterFactory.Create(model, new TrainingConfig { Method = method });
        if (options.Methods[0] == "naive")
        {
            NaiveAdapter.TakeOver(model, adapter!, method);
        }

        TrainedWeights weights = adapter is null ? new FullWeights(model) : new AdapterWeights(adapter);
        using var optimizer = new AdamW(weights.Groups(0.01));
        var objective = new CausalLanguageObjective(model, torch.CPU, 0, options.Checkpointing ? new RecomputingLayers(42) : null);
        var step = new OptimizerStep(objective, optimizer, 1, 42, partTokens: weights.PartTokens);
        var samples = RandomRows(8 * options.Rows);
        var plan = StepPlan.Create(samples.Count, options.Rows, 1, epochs: 1, maxSteps: 1_000_000);
        using var source = new BatchSource(samples, plan, new RowOrder(samples.Count, shuffle: true, seed: 1), new SampleCollator(0));

        var times = new List<double>();
        var heap = new ManagedHeap();
        var clock = Stopwatch.StartNew();
        foreach (var window in source.Steps())
        {
            var began = Stopwatch.GetTimestamp();
            step.Run(window, 1e-4);
            heap.Tidy();
            if (window.Step >= WarmUp)
            {
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                if (times.Count > 2 && clock.Elapsed.TotalSeconds > options.Seconds)
                {
                    break;
                }
            }
        }

        // The median: a busy machine slows single steps down.
        var median = times.Order().ElementAt(times.Count / 2);
        var trained = weights.Groups(0).Sum(g => g.Tensors.Sum(t => t.numel()));
        return string.Create(
            CultureInfo.InvariantCulture, $"{median} {1000.0 * options.Rows * Tokens / median} {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6} {trained}");
    }

    private static List<TrainingSample> RandomRows(int count)
    {
        var random = new SeededRandom(1, RandomPurpose.RowOrder);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            int[] ids = [.. Enumerable.Range(0, Tokens).Select(_ => random.NextInt(32000))];
            return new TrainingSample { InputIds = ids, Labels = ids, RecordIndexes = [i] };
        })];
    }
}

/// <summary>An adapted layer written down as the formula says, left to autograd.</summary>
internal sealed class NaiveAdapter(torch.Tensor a, torch.Tensor b, double scale, double dropout) : ILinearAdapter
{
    public torch.Tensor Forward(LinearLayer layer, torch.Tensor input, bool training)
    {
        using var scope = torch.NewDisposeScope();
        var dropped = training && dropout > 0 ? torch.nn.functional.dropout(input, dropout, training: true) : input;
        var update = torch.nn.functional.linear(torch.nn.functional.linear(dropped, a), b);
        return layer.BaseForward(input).add(update.mul(scale)).MoveToOuterDisposeScope();
    }

    /// <summary>Puts itself in the place of an adapter's layers, with the same tensors.</summary>
    public static void TakeOver(PretrainedModel model, AdapterModel adapter, MethodConfig method)
    {
        var tensors = adapter.Parameters.ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal);
        foreach (var module in adapter.Modules)
        {
            var prefix = "base_model.model." + module;
            model.LinearLayers[module].Adapter = new NaiveAdapter(
                tensors[prefix + ".lora_A.weight"], tensors[prefix + ".lora_B.weight"], method.LoraAlpha!.Value / method.LoraR!.Value, method.LoraDropout);
        }
    }
}
