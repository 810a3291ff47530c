using System.Text.Json;
using System.Text.Json.Nodes;
using TorchSharp;
using TrainTools.Core.Models;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Parity.Models;

/// <summary>
/// models/NAME with config.json, model.safetensors, inputs.json, expected.json and logits.safetensors: logits, losses,
/// gradients, five training steps, both config layouts, left padding, decay groups, saving.
/// </summary>
public sealed class ModelParitySuite : IParitySuite
{
    /// <inheritdoc/>
    public string Name => "models";

    /// <inheritdoc/>
    public IEnumerable<ParityCase> Find(string folder)
    {
        string models = Path.Combine(folder, Name);
        if (!Directory.Exists(models))
        {
            models = folder;
        }

        foreach (string model in Directory.EnumerateDirectories(models).Order(StringComparer.Ordinal).Where(ModelFixture.IsOne))
        {
            yield return new ParityCase($"{Name}/{Path.GetFileName(model)}", () => Compare(model));
        }
    }

    private static IEnumerable<Comparison> Compare(string folder)
    {
        var fixture = new ModelFixture(folder);
        foreach (var part in (Func<ModelFixture, IEnumerable<Comparison>>[])[Forward, LeftPadded, OtherConfigs, Train, DecayGroups, Saved])
        {
            using var scope = NewDisposeScope();
            foreach (var comparison in part(fixture).ToList())
            {
                yield return comparison;
            }
        }
    }

    private static IEnumerable<Comparison> Forward(ModelFixture fixture)
    {
        using var model = PretrainedModelLoader.Load(fixture.Folder);
        RequireGradients(model);
        var expected = fixture.Expected.GetProperty("forward");
        var rows = fixture.ForwardRows;
        var input = ModelFixture.Input(rows);
        var logits = ReferenceTraining.Logits(model, input);
        yield return LogitsOfRealTokens(logits, fixture.Logits(), input);

        var loss = ReferenceTraining.Loss(model, rows, logits);
        yield return Comparison.Relative("loss", [loss.ToDouble()], [expected.GetProperty("loss").GetDouble()], 1e-5);

        loss.backward();
        var (each, all) = ReferenceTraining.GradientNorms(model);
        double total = expected.GetProperty("grad_norm").GetDouble();
        yield return Comparison.Relative("gradient norm", [all], [total], 1e-3);
        yield return GradientNorms(each, expected.GetProperty("grad_norms"), total);

        string[] without = expected.GetProperty("params_without_grad").EnumerateArray().Select(v => v.GetString()!).ToArray();
        string[] ours = model.Parameters.Keys.Where(n => !each.ContainsKey(n)).ToArray();
        yield return Comparison.Exact("parameters without gradient", ours.Order(StringComparer.Ordinal).SequenceEqual(without.Order(StringComparer.Ordinal)), string.Join(", ", ours));
    }

    /// <summary>Rows where the mask is 0 are left to the implementation: only real tokens are compared.</summary>
    private static Comparison LogitsOfRealTokens(Tensor actual, Tensor expected, ModelInput input)
    {
        if (!actual.shape.SequenceEqual(expected.shape))
        {
            return Comparison.Exact("logits", holds: false, $"shape [{string.Join(", ", actual.shape)}], expected [{string.Join(", ", expected.shape)}]");
        }

        if (!actual.isfinite().all().item<bool>())
        {
            return Comparison.Exact("logits", holds: false, "not all are finite");
        }

        var difference = actual.detach().sub(expected).abs();
        if (difference.dim() == 3)
        {
            difference = difference.mul(input.AttentionMask!.unsqueeze(-1));
        }

        return new Comparison("logits", difference.max().ToDouble(), 1e-4);
    }

    private static Comparison GradientNorms(Dictionary<string, double> actual, JsonElement expected, double total)
    {
        double worst = 0;
        string? detail = null;
        foreach (var entry in expected.EnumerateObject())
        {
            if (!actual.TryGetValue(entry.Name, out double norm))
            {
                return Comparison.Exact("gradient norm of each parameter", holds: false, $"{entry.Name} has none");
            }

            // What is nothing but rounding (a key's bias moves no score) is held to a millionth of the whole.
            double value = entry.Value.GetDouble();
            double difference = Math.Abs(norm - value) / Math.Max(value, 1e-3 * total);
            if (!(difference <= worst))
            {
                worst = difference;
                detail = FormattableString.Invariant($"{entry.Name}: {norm:G9}, expected {value:G9}");
            }
        }

        return new Comparison("gradient norm of each parameter", worst, 1e-3, detail);
    }

    private static IEnumerable<Comparison> LeftPadded(ModelFixture fixture)
    {
        if (!fixture.Expected.TryGetProperty("left_padded", out var golden) || golden.ValueKind == JsonValueKind.Null)
        {
            yield break;
        }

        using var noGrad = no_grad();
        using var model = PretrainedModelLoader.Load(fixture.Folder);
        var rows = ModelFixture.Rows(golden.GetProperty("inputs"));
        var logits = ReferenceTraining.Logits(model, ModelFixture.Input(rows));
        yield return Comparison.Exact("left padding gives numbers", logits.isfinite().all().item<bool>());
        yield return Comparison.Relative("left padding, loss", [ReferenceTraining.Loss(model, rows, logits).ToDouble()], [golden.GetProperty("loss").GetDouble()], 1e-5);
    }

    /// <summary>Other spellings of the same config (config.v4style.json, ...) mean the same model.</summary>
    private static IEnumerable<Comparison> OtherConfigs(ModelFixture fixture)
    {
        using var noGrad = no_grad();
        using var model = PretrainedModelLoader.Load(fixture.Folder);
        var input = ModelFixture.Input(fixture.ForwardRows);
        var logits = ReferenceTraining.Logits(model, input);
        foreach (string other in Directory.EnumerateFiles(fixture.Folder, "config.*.json").Order(StringComparer.Ordinal))
        {
            using var copy = new TemporaryFolder();
            File.Copy(other, Path.Combine(copy.Path, ModelConfigFile.FileName));
            foreach (string weights in Directory.EnumerateFiles(fixture.Folder, "model*.safetensors*"))
            {
                File.Copy(weights, Path.Combine(copy.Path, Path.GetFileName(weights)));
            }

            using var otherModel = PretrainedModelLoader.Load(copy.Path);
            bool same = logits.equal(ReferenceTraining.Logits(otherModel, input)).all().item<bool>();
            yield return Comparison.Exact($"{Path.GetFileName(other)}, logits bit for bit", same, "they differ");
        }
    }

    private static IEnumerable<Comparison> Train(ModelFixture fixture)
    {
        using var model = PretrainedModelLoader.Load(fixture.Folder);
        RequireGradients(model);
        var golden = fixture.Expected.GetProperty("train");
        var settings = golden.GetProperty("hparams");
        using var optimizer = new ReferenceAdamW(
            model,
            settings.GetProperty("lr").GetDouble(),
            settings.GetProperty("weight_decay").GetDouble(),
            settings.GetProperty("betas")[0].GetDouble(),
            settings.GetProperty("betas")[1].GetDouble(),
            settings.GetProperty("eps").GetDouble(),
            settings.GetProperty("max_grad_norm").GetDouble());
        var losses = new List<double>();
        var norms = new List<double>();
        foreach (var batch in fixture.TrainBatches)
        {
            using var scope = NewDisposeScope();
            var loss = ReferenceTraining.Loss(model, batch, ReferenceTraining.Logits(model, ModelFixture.Input(batch, training: true))).mul(TrainerScale(fixture, batch));
            losses.Add(loss.ToDouble());
            loss.backward();
            norms.Add(optimizer.Step());
        }

        yield return Comparison.Relative("losses of five steps", losses, Numbers(golden.GetProperty("losses")), 1e-4);
        yield return Comparison.Relative("gradient norms of five steps", norms, Numbers(golden.GetProperty("grad_norms")), 1e-3);
        yield return Parameters(model, optimizer, golden.GetProperty("final_param_norm_sum"), "norms and sums after five steps");
        var rows = fixture.ForwardRows;
        using var noGrad = no_grad();
        var after = ReferenceTraining.Loss(model, rows, ReferenceTraining.Logits(model, ModelFixture.Input(rows)));
        yield return Comparison.Relative("loss after five steps", [after.ToDouble()], [golden.GetProperty("loss_forward_batch_after").GetDouble()], 1e-4);
    }

    /// <summary>
    /// The Trainer divides by the number of labels it counts. For GPT-2's class it counts each row's first label too,
    /// which is never predicted, so its losses are smaller than the mean over what is: the golden figures are its own.
    /// </summary>
    private static double TrainerScale(ModelFixture fixture, FixtureRow[] batch)
    {
        if (fixture.Expected.GetProperty("class").GetString() != "GPT2LMHeadModel")
        {
            return 1;
        }

        double all = batch.Sum(r => r.Labels.EnumerateArray().Count(l => l.GetInt64() != -100));
        double predicted = batch.Sum(r => r.Labels.EnumerateArray().Skip(1).Count(l => l.GetInt64() != -100));
        return predicted / all;
    }

    private static Comparison Parameters(PretrainedModel model, ReferenceAdamW optimizer, JsonElement expected, string what)
    {
        double worst = 0;
        string? detail = null;
        foreach (var entry in expected.EnumerateObject())
        {
            if (!model.Parameters.TryGetValue(entry.Name, out var parameter))
            {
                return Comparison.Exact(what, holds: false, $"there is no {entry.Name}");
            }

            var wide = parameter.detach().to_type(ScalarType.Float64);
            double norm = entry.Value[0].GetDouble();
            double sum = entry.Value[1].GetDouble();
            double apart = Math.Max(Math.Abs(wide.norm().ToDouble() - norm), Math.Abs(wide.sum().ToDouble() - sum));
            double difference = Math.Max(0, apart - optimizer.Chance(entry.Name)) / Math.Max(Math.Abs(norm), Math.Abs(sum));
            if (!(difference <= worst))
            {
                worst = difference;
                detail = FormattableString.Invariant($"{entry.Name}: norm {wide.norm().ToDouble():G9}, expected {norm:G9}; sum {wide.sum().ToDouble():G9}, expected {sum:G9}");
            }
        }

        return new Comparison(what, worst, 1e-3, detail);
    }

    private static IEnumerable<Comparison> DecayGroups(ModelFixture fixture)
    {
        using var model = PretrainedModelLoader.Load(fixture.Folder);
        foreach (var group in fixture.Expected.GetProperty("train").GetProperty("param_groups").EnumerateArray())
        {
            bool decays = group.GetProperty("weight_decay").GetDouble() != 0;
            yield return SameNames(model, decays, group.GetProperty("params"), decays ? "names that decay" : "names that do not decay");
        }

        if (ParityRunner.Nearest(fixture.Folder, "trainer", "weight_decay_groups.json") is not { } path)
        {
            yield break;
        }

        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        if (document.RootElement.TryGetProperty(Path.GetFileName(fixture.Folder), out var groups))
        {
            yield return SameNames(model, true, groups.GetProperty("decay"), "weight_decay_groups.json, decay");
            yield return SameNames(model, false, groups.GetProperty("no_decay"), "weight_decay_groups.json, no decay");
        }
    }

    private static Comparison SameNames(PretrainedModel model, bool decays, JsonElement names, string what)
    {
        var spared = model.NoDecayParameterNames;
        string[] ours = model.Parameters.Keys.Where(n => spared.Contains(n) != decays).ToArray();
        string[] theirs = names.EnumerateArray().Select(v => v.GetString()!).ToArray();
        return Comparison.Exact(what, ours.SequenceEqual(theirs), $"ours alone: {string.Join(", ", ours.Except(theirs))}; theirs alone: {string.Join(", ", theirs.Except(ours))} (or another order)");
    }

    private static IEnumerable<Comparison> Saved(ModelFixture fixture)
    {
        using var copy = new TemporaryFolder();
        HashSet<string> ignored;

        // Each parameter in its file's own type, as a checkpoint in bf16 would not come back from fp32 masters.
        using (var model = PretrainedModelLoader.Load(fixture.Folder, new PretrainedModelOptions { ParameterType = null }))
        {
            PretrainedModelWriter.Save(model, copy.Path);
            ignored = model.LoadReport.Ignored.ToHashSet(StringComparer.Ordinal);
        }

        using var before = new WeightFiles(fixture.Folder);
        using var after = new WeightFiles(copy.Path);
        var kept = before.Entries.Where(e => !ignored.Contains(e.Name)).ToList();
        string? different = kept.Count != after.Entries.Count()
            ? $"{after.Entries.Count()} tensors, {kept.Count} before"
            : kept.Find(e => !before.SameAs(after, e))?.Name;
        yield return Comparison.Exact("saved tensors bit for bit", different is null, different);

        bool same = JsonNode.DeepEquals(Json(fixture.Folder), Json(copy.Path));
        yield return Comparison.Exact("saved config", same, "config.json changed");

        static JsonNode? Json(string folder) => JsonNode.Parse(File.ReadAllBytes(Path.Combine(folder, ModelConfigFile.FileName)));
    }

    private static void RequireGradients(PretrainedModel model)
    {
        foreach (var parameter in model.Parameters.Values)
        {
            parameter.requires_grad_(true);
        }
    }

    private static double[] Numbers(JsonElement list) => list.EnumerateArray().Select(v => v.GetDouble()).ToArray();

    /// <summary>All weight files of a folder, shards too.</summary>
    private sealed class WeightFiles(string folder) : IDisposable
    {
        private readonly List<SafetensorsFile> files = ModelWeightFiles.Find(folder).Select(SafetensorsFile.Open).ToList();

        public IEnumerable<SafetensorsEntry> Entries => files.SelectMany(f => f.Entries);

        public bool SameAs(WeightFiles other, SafetensorsEntry entry)
        {
            var own = files.Find(f => f.TryGet(entry.Name, out _))!;
            return other.files.Find(f => f.TryGet(entry.Name, out _)) is { } theirs && theirs.TryGet(entry.Name, out var saved)
                && saved.Dtype == entry.Dtype && saved.Shape.SequenceEqual(entry.Shape) && own.Bytes(entry).SequenceEqual(theirs.Bytes(saved));
        }

        public void Dispose() => files.ForEach(f => f.Dispose());
    }
}
