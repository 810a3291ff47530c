using System.Diagnostics;
using System.Globalization;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Samples;
using TrainTools.Core.Tokenization;
using TrainTools.Core.Tokenization.Chat;
using TrainTools.Core.Training;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;

namespace TrainTools.Bench.Training;

/// <summary>What a case came to.</summary>
internal sealed record CaseResult(
    string Name, double MillisecondsPerStep, double TokensPerSecond, double PeakMegabytes, double BudgetMegabytes, double WorkGigaflops, double GemmGigaflops,
    double ManagedBytesPerStep, double GarbageCollectionShare, double ProcessorMillisecondsPerStep, double ManagedShare)
{
    /// <summary>Work over time, as a share of what the machine's matrix multiplication reached in the same process.</summary>
    public double Share => WorkGigaflops / (MillisecondsPerStep / 1000) / GemmGigaflops;
}

/// <summary>One case, measured in a process of its own.</summary>
internal static class TrainingCase
{
    /// <summary>The model of a case: written into a folder, or the small real one.</summary>
    public static string Model(string name, string temporary, string storiesFolder) => name switch
    {
        "a" => Written(temporary, name, new LlamaSizes(512, 8, 8, 4, 1408, 32000)),
        "b" => Written(temporary, name, new LlamaSizes(64, 2, 8, 4, 172, 512)),
        "c" => storiesFolder,
        _ => throw new ArgumentException($"there is no case '{name}'", nameof(name)),
    };

    /// <summary>Trains a case in this process.</summary>
    public static CaseResult Run(string name, string modelFolder, string dataPath, int threads)
    {
        torch.set_num_threads(threads);
        return name switch
        {
            "a" => Measure(name, modelFolder, RandomRows(32, 512, 32000), 4),
            "b" => Measure(name, modelFolder, RandomRows(64, 64, 512), 8),
            _ => Measure(name, modelFolder, PackedRows(modelFolder, dataPath), 8),
        };
    }

    private static CaseResult Measure(string name, string folder, IReadOnlyList<TrainingSample> samples, int rows)
    {
        using var model = PretrainedModelLoader.LoadCausal(folder);
        foreach (var parameter in model.Parameters.Values)
        {
            parameter.requires_grad_(true);
        }

        using var optimizer = new AdamW(ParameterGroup.ForModel(model, 0.01));
        var step = new OptimizerStep(new CausalLanguageObjective(model, torch.CPU), optimizer, 1, 42);
        var seconds = name == "a" ? 30.0 : 8.0;
        var plan = StepPlan.Create(samples.Count, rows, 1, epochs: 1, maxSteps: 1_000_000);
        using var source = new BatchSource(samples, plan, new RowOrder(samples.Count, shuffle: true, seed: 1), new SampleCollator(0));

        var clock = new Stopwatch();
        var processor = TimeSpan.Zero;
        long tokens = 0;
        double work = 0;
        var steps = 0;
        var (warmUp, allocated, pause) = (name == "a" ? 2 : 20, 0L, TimeSpan.Zero);
        var perToken = 6.0 * (model.Parameters.Sum(p => p.Value.numel()) - (model.VocabularySize * (long)model.HiddenSize * (model.Parameters.ContainsKey("lm_head.weight") ? 1 : 0)));
        using var windows = source.Steps().GetEnumerator();
        while (windows.MoveNext())
        {
            var window = windows.Current;
            if (window.Step == warmUp)
            {
                (allocated, pause) = (GC.GetTotalAllocatedBytes(), GC.GetTotalPauseDuration());
                processor = Process.GetCurrentProcess().TotalProcessorTime;
                clock.Start();
            }

            step.Run(window, 1e-4);
            if (window.Step >= warmUp)
            {
                tokens += window.Tokens;
                work += perToken * window.Tokens;
                steps++;
                if (clock.Elapsed.TotalSeconds > seconds)
                {
                    break;
                }
            }
        }

        clock.Stop();
        processor = Process.GetCurrentProcess().TotalProcessorTime - processor;
        var elapsed = clock.Elapsed.TotalSeconds;
        var peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
        var state = 4.0 * 4 * model.Parameters.Sum(p => p.Value.numel()) / 1e6;
        var sampling = Stopwatch.StartNew();
        using var managed = new ManagedTime();
        while (sampling.Elapsed.TotalSeconds < 5 && windows.MoveNext())
        {
            step.Run(windows.Current, 1e-4);
        }

        var managedShare = managed.Stop();
        return new CaseResult(
            name, 1000 * elapsed / steps, tokens / elapsed, peak, (1.3 * state) + 400, work / steps / 1e9, GemmRate(),
            (GC.GetTotalAllocatedBytes() - allocated) / (double)steps, (GC.GetTotalPauseDuration() - pause).TotalSeconds / elapsed,
            processor.TotalMilliseconds / steps, managedShare);
    }

    /// <summary>GFLOP/s of square float32 products, the best of several.</summary>
    private static double GemmRate()
    {
        using var scope = torch.NewDisposeScope();
        var (x, y) = (torch.randn(1536, 1536), torch.randn(1536, 1536));
        var best = double.MaxValue;
        for (var i = 0; i < 8; i++)
        {
            using var inner = torch.NewDisposeScope();
            var began = Stopwatch.GetTimestamp();
            torch.mm(x, y);
            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        return 2.0 * 1536 * 1536 * 1536 / best / 1e9;
    }

    private static string Written(string temporary, string name, LlamaSizes sizes)
    {
        var folder = Path.Combine(temporary, name);
        RandomLlama.Write(folder, sizes);
        return folder;
    }

    private static List<TrainingSample> RandomRows(int count, int length, int vocabulary)
    {
        var random = new SeededRandom(1, RandomPurpose.RowOrder);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            int[] ids = [.. Enumerable.Range(0, length).Select(_ => random.NextInt(vocabulary))];
            return new TrainingSample { InputIds = ids, Labels = ids, RecordIndexes = [i] };
        })];
    }

    private static IReadOnlyList<TrainingSample> PackedRows(string folder, string dataPath)
    {
        // Conversations are learnt as assistants' text only, through a plain template with marks.
        const string Template = "{% for m in messages %}{{ '\\n' + m.role + ': ' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content + eos_token }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}";
        var tokenizer = PretrainedTokenizer.Load(folder);
        List<TrainingRecord> records = [.. new DatasetReader().Read(dataPath).Take(2000)];
        var chat = records[0].Shape == RecordShape.Messages;
        var options = new SampleOptions { MaxLength = 512, Packing = true, PackingStrategy = PackingStrategy.BfdSplit, AssistantOnlyLoss = chat };
        var template = chat ? new ChatTemplate(Template, ChatTokens.Of(tokenizer)) : null;
        return new SamplePreparation(new SampleEncoder(tokenizer, options, template), options).Prepare(records).Samples;
    }

    public static string Line(CaseResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"{result.Name,-4} {result.MillisecondsPerStep,10:0.0} {result.TokensPerSecond,12:0} {result.PeakMegabytes,9:0} {result.BudgetMegabytes,9:0} {result.GemmGigaflops,9:0} {100 * result.Share,8:0.0} {result.ManagedBytesPerStep / 1024,12:0.0} {100 * result.GarbageCollectionShare,7:0.00} {result.ProcessorMillisecondsPerStep,12:0.0} {100 * result.ManagedShare,16:0.0}");
}
