using TorchSharp;
using TrainTools.Bench.Training;
using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Core.Training;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;

namespace TrainTools.Bench.Diagnosis;

/// <summary>
/// The models that trials start from. stories260K is pretrained; the others are the small random models of the tests, given
/// a short pretraining here on data that no trial trains or is measured on, so that fine-tuning has something to tune.
/// </summary>
internal sealed class Bases(string folder)
{
    private const int PretrainingSteps = 400;
    private static readonly string[] LanguageSets = ["shakespeare", "gsm8k", "assistant", "sgd", "dolly"];
    private static readonly string[] LabelSets = ["sms", "banking77"];

    /// <summary>Families that can be named: the folders of the tests' models, and stories260k.</summary>
    public static IEnumerable<string> Names =>
    [
        "stories260k",
        .. Directory.GetDirectories(Repository.PathOf("tests", "TrainTools.Trainer.Tests", "Data", "models")).Select(d => Path.GetFileName(d)).Where(n => IsClassifier(n) || !n.Contains('_', StringComparison.Ordinal) || n is "gemma3_text" or "gpt_neox").Order(StringComparer.Ordinal),
    ];

    public static bool IsClassifier(string family) => family.EndsWith("_seqcls", StringComparison.Ordinal);

    /// <summary>The folder of a family's base, made where it is not there yet.</summary>
    public string Of(string family)
    {
        if (family == "stories260k")
        {
            return Repository.PathOf("examples", "stories260k");
        }

        var target = Path.Combine(folder, family);
        if (!File.Exists(Path.Combine(target, "config.json")))
        {
            Make(family, target);
        }

        return target;
    }

    /// <summary>An untrained Llama of one layer.</summary>
    public string Tiny(int hidden)
    {
        var target = Path.Combine(folder, FormattableString.Invariant($"tiny-{hidden}"));
        if (!File.Exists(Path.Combine(target, "model.safetensors")))
        {
            RandomLlama.Write(target, new LlamaSizes(hidden, 1, 1, 1, hidden, 512));
        }

        return target;
    }

    private static void Make(string family, string target)
    {
        var source = Repository.PathOf("tests", "TrainTools.Trainer.Tests", "Data", "models", family);
        if (!Directory.Exists(source))
        {
            throw new ArgumentException($"There is no family '{family}'. Known: {string.Join(", ", Names)}.");
        }

        var sets = IsClassifier(family) ? LabelSets : LanguageSets;
        var labels = IsClassifier(family) ? Enumerable.Range(0, 10).Select(i => $"c{i}").ToArray() : [];

        // Sets of classes share one head: the second set's classes come after the first one's.
        var offset = 0;
        var rows = new List<TrainingSample>();
        foreach (var set in sets)
        {
            var own = DataSets.ForPretraining(set).ToList();
            rows.AddRange(own.Select(s => s.RowTargets is null ? s : s with { RowTargets = [s.RowTargets[0] + offset] }));
            offset += IsClassifier(family) ? (int)own.Max(s => s.RowTargets![0]) + 1 : 0;
        }

        TorchSharp.torch.random.manual_seed(1);
        using var model = PretrainedModelLoader.Load(source, new PretrainedModelOptions { Task = IsClassifier(family) ? TaskType.SequenceClassification : TaskType.CausalLm, Labels = labels });
        foreach (var parameter in model.Parameters.Values)
        {
            parameter.requires_grad_(true);
        }

        using var optimizer = new AdamW(ParameterGroup.ForModel(model, 0.01));
        var step = new OptimizerStep(Trial.Objective(model), optimizer, 1, 1);
        var plan = StepPlan.Create(rows.Count, 16, 1, 1, PretrainingSteps);
        using var source2 = new BatchSource(rows, plan, new RowOrder(rows.Count, shuffle: true, seed: 1), new SampleCollator(0));
        foreach (var window in source2.Steps())
        {
            var done = (double)window.Step / PretrainingSteps;
            step.Run(window, 3e-3 * Math.Min(1, (window.Step + 1) / 20.0) * (1 - (0.9 * done)));
        }

        PretrainedModelWriter.Save(model, target);
    }
}
