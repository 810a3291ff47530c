using System.Text.Json;
using System.Text.Json.Nodes;
using TorchSharp;
using TrainTools.Core.Adapters;
using TrainTools.Core.Configuration;
using TrainTools.Core.Serialization;
using TrainTools.Parity.Models;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Parity.Adapters;

/// <summary>
/// lora/CASE with initial/, trained/, logits.safetensors and expected.json, the base beside it in models/: logits with both
/// adapters and merged, loss and gradient norms, five training steps, parameter groups, and saving what was loaded.
/// </summary>
public sealed class LoraParitySuite : IParitySuite
{
    /// <inheritdoc/>
    public string Name => "lora";

    /// <inheritdoc/>
    public IEnumerable<ParityCase> Find(string folder)
    {
        string cases = Path.Combine(folder, Name);
        if (!Directory.Exists(cases))
        {
            yield break;
        }

        foreach (string path in Directory.EnumerateDirectories(cases).Order(StringComparer.Ordinal).Where(p => Directory.Exists(Path.Combine(p, "initial"))))
        {
            yield return new ParityCase($"{Name}/{Path.GetFileName(path)}", () => Compare(path, folder));
        }
    }

    private static IEnumerable<Comparison> Compare(string path, string root)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(path, "expected.json")));
        var expected = document.RootElement.Clone();
        string folder = Path.Combine(root, expected.GetProperty("base_model_dir").GetString()!);
        var fixture = new ModelFixture(folder);
        foreach (var part in (Func<string, ModelFixture, JsonElement, IEnumerable<Comparison>>[])[Initial, Trained, Training, Saved])
        {
            using var scope = NewDisposeScope();
            foreach (var comparison in part(path, fixture, expected).ToList())
            {
                yield return comparison;
            }
        }
    }

    private static IEnumerable<Comparison> Initial(string path, ModelFixture fixture, JsonElement expected)
    {
        using var model = Base(path, fixture);
        using var adapter = AdapterModel.Load(model, Path.Combine(path, "initial"));
        yield return Comparison.Exact(
            "trainable parameters", adapter.TrainableParameters == expected.GetProperty("trainable_params").GetInt64(), $"{adapter.TrainableParameters}");

        var rows = fixture.ForwardRows;
        var input = ModelFixture.Input(rows);
        var logits = ReferenceTraining.Logits(model, input);
        yield return Logits("logits, initial adapter", logits, path, "logits_initial_adapter", input);
        var loss = ReferenceTraining.Loss(model, rows, logits);
        yield return Comparison.Relative("loss, initial adapter", [loss.ToDouble()], [expected.GetProperty("initial_adapter_loss").GetDouble()], 1e-5);
        loss.backward();
        AutogradGuard.ThrowIfFailed();
        var norms = adapter.Parameters.ToDictionary(p => p.Name, Norm, StringComparer.Ordinal);
        var total = expected.GetProperty("initial_grad_norm").GetDouble();
        yield return Comparison.Relative("gradient norm", [Math.Sqrt(norms.Values.Sum(n => n * n))], [total], 1e-3);
        var worst = 0.0;
        foreach (var entry in expected.GetProperty("initial_grad_norms").EnumerateObject())
        {
            var difference = norms.TryGetValue(FileName(entry.Name), out var norm)
                ? Math.Abs(norm - entry.Value.GetDouble()) / Math.Max(entry.Value.GetDouble(), 1e-3 * total)
                : double.NaN;
            worst = double.IsNaN(difference) ? difference : Math.Max(worst, difference);
        }

        yield return new Comparison("gradient norm of each tensor", worst, 1e-3);
    }

    private static IEnumerable<Comparison> Trained(string path, ModelFixture fixture, JsonElement expected)
    {
        using var noGrad = no_grad();
        using var model = Base(path, fixture);
        using var adapter = AdapterModel.Load(model, Path.Combine(path, "trained"));
        var rows = fixture.ForwardRows;
        var input = ModelFixture.Input(rows);
        var logits = ReferenceTraining.Logits(model, input);
        yield return Logits("logits, trained adapter", logits, path, "logits_trained_adapter", input);
        yield return Comparison.Relative(
            "loss, trained adapter", [ReferenceTraining.Loss(model, rows, logits).ToDouble()], [expected.GetProperty("trained_adapter_loss").GetDouble()], 1e-5);
        adapter.Merge();
        yield return Logits("logits, merged", ReferenceTraining.Logits(model, input), path, "logits_merged", input);
    }

    private static IEnumerable<Comparison> Training(string path, ModelFixture fixture, JsonElement expected)
    {
        using var model = Base(path, fixture);
        using var adapter = AdapterModel.Load(model, Path.Combine(path, "initial"));
        var groups = ParameterGroup.ForAdapter(adapter, 0.01);
        var wanted = expected.GetProperty("param_groups").EnumerateArray()
            .SelectMany(g => g.GetProperty("params").EnumerateArray().Select(p => (FileName(p.GetString()!), g.GetProperty("weight_decay").GetDouble())))
            .Order().ToList();
        var ours = groups.SelectMany(g => g.Names.Select(n => (n, g.WeightDecay))).Order().ToList();
        yield return Comparison.Exact("parameter groups", ours.SequenceEqual(wanted), string.Join(", ", ours.Except(wanted).Select(p => p.Item1)));

        using var optimizer = new AdamW(groups);
        var losses = new List<double>();
        var norms = new List<double>();
        foreach (var rows in fixture.TrainBatches)
        {
            using var scope = NewDisposeScope();
            optimizer.ClearGradients();
            var loss = ReferenceTraining.Loss(model, rows, ReferenceTraining.Logits(model, ModelFixture.Input(rows, training: true)));
            loss.backward();
            AutogradGuard.ThrowIfFailed();
            losses.Add(loss.ToDouble());
            var norm = Math.Sqrt(adapter.Parameters.Sum(p => Math.Pow(Norm(p), 2)));
            norms.Add(norm);
            var clip = Math.Min(1, 1.0 / (norm + 1e-6));
            optimizer.Step(1e-3, tensor((float)(1 / clip)));
        }

        // transformers 5.12 divides the loss of a wrapped GPT-2 by all labels, the first of each row included, though no
        // position predicts it. Such a golden file is recognised by matching at all five steps, and named.
        var shares = fixture.TrainBatches.Select(ShareOfPredictedLabels).ToList();
        var goldenLosses = Numbers(expected, "train_losses");
        var quirk = model is CausalLanguageModel && !Close(losses, goldenLosses) && Close([.. losses.Zip(shares, (l, s) => l * s)], goldenLosses);
        var note = quirk ? " (golden divides by unshifted labels: ours brought to its divisor)" : string.Empty;
        yield return Comparison.Relative("five losses" + note, quirk ? [.. losses.Zip(shares, (l, s) => l * s)] : losses, goldenLosses, 1e-4);
        yield return Comparison.Relative("five gradient norms" + note, quirk ? [.. norms.Zip(shares, (n, s) => n * s)] : norms, Numbers(expected, "train_grad_norms"), 1e-3);
        yield return Tensors("tensors after five steps", adapter, Path.Combine(path, "trained"));
    }

    private static IEnumerable<Comparison> Saved(string path, ModelFixture fixture, JsonElement expected)
    {
        using var folder = new TemporaryFolder();
        string source = Path.Combine(path, "trained");
        using var model = Base(path, fixture);
        using (var adapter = AdapterModel.Load(model, source))
        {
            adapter.Save(folder.Path);
        }

        using var ours = SafetensorsFile.Open(Path.Combine(folder.Path, "adapter_model.safetensors"));
        using var theirs = SafetensorsFile.Open(Path.Combine(source, "adapter_model.safetensors"));
        var same = ours.Entries.Count == theirs.Entries.Count && theirs.Entries.All(e =>
            ours.TryGet(e.Name, out var o) && o.Dtype == e.Dtype && o.Shape.SequenceEqual(e.Shape) && ours.Bytes(o).SequenceEqual(theirs.Bytes(e)));
        yield return Comparison.Exact("saved tensors", same, string.Join(", ", ours.Entries.Select(e => e.Name).Except(theirs.Entries.Select(e => e.Name))));
        yield return Comparison.Exact("metadata", ours.Header.Metadata.GetValueOrDefault("format") == "pt");
        yield return Comparison.Exact("saved config", JsonNode.DeepEquals(
            JsonNode.Parse(File.ReadAllText(Path.Combine(folder.Path, AdapterConfigFile.FileName))),
            JsonNode.Parse(File.ReadAllText(Path.Combine(source, AdapterConfigFile.FileName)))));
    }

    private static PretrainedModel Base(string path, ModelFixture fixture)
    {
        var config = AdapterConfigFile.Read(Path.Combine(path, "initial"));
        return PretrainedModelLoader.Load(fixture.Folder, new PretrainedModelOptions
        {
            Task = config.TaskType switch { "SEQ_CLS" => TaskType.SequenceClassification, "TOKEN_CLS" => TaskType.TokenClassification, _ => null },
        });
    }

    private static Comparison Logits(string what, Tensor actual, string path, string name, ModelInput input)
    {
        using var file = SafetensorsFile.Open(Path.Combine(path, "logits.safetensors"));
        if (!file.TryGet(name, out var entry))
        {
            return Comparison.Exact(what, holds: false, $"no tensor '{name}'");
        }

        var difference = actual.detach().sub(TensorBytes.Read(file, entry)).abs();
        difference = difference.dim() == 3 ? difference.mul(input.AttentionMask!.unsqueeze(-1)) : difference;
        return new Comparison(what, difference.max().ToDouble(), 1e-4);
    }

    private static Comparison Tensors(string what, AdapterModel adapter, string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, "adapter_model.safetensors"));
        var worst = 0.0;
        string? detail = null;
        foreach (var parameter in adapter.Parameters)
        {
            file.TryGet(parameter.Name, out var entry);
            var golden = TensorBytes.Read(file, entry);
            var difference = parameter.Value.detach().sub(golden).norm().ToDouble() / golden.norm().ToDouble();
            if (!(difference <= worst))
            {
                (worst, detail) = (difference, parameter.Name);
            }
        }

        return new Comparison(what, worst, 1e-3, detail);
    }

    private static double Norm(AdapterTensor parameter)
    {
        using var gradient = parameter.Value.grad;
        return gradient is null ? 0 : gradient.to_type(ScalarType.Float64).norm().ToDouble();
    }

    // A name as the training knows it, without the adapter's own.
    private static string FileName(string name) => name
        .Replace(".modules_to_save.default", string.Empty, StringComparison.Ordinal)
        .Replace(".default", string.Empty, StringComparison.Ordinal)
        .Replace("lora_magnitude_vector.weight", "lora_magnitude_vector", StringComparison.Ordinal);

    private static bool Close(List<double> actual, List<double> expected) =>
        actual.Zip(expected, (a, e) => Math.Abs(a - e) <= 1e-4 * Math.Abs(e)).All(same => same);

    private static double ShareOfPredictedLabels(FixtureRow[] rows)
    {
        if (rows[0].Labels.ValueKind != JsonValueKind.Array)
        {
            return 1;
        }

        var labels = rows.Select(r => r.Labels.EnumerateArray().Select(l => l.GetInt32()).ToList()).ToList();
        return labels.Sum(r => r.Skip(1).Count(l => l != -100)) / (double)labels.Sum(r => r.Count(l => l != -100));
    }

    private static List<double> Numbers(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];
}
