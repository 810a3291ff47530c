using System.Text.Json;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;

namespace TrainTools.Parity.Training;

/// <summary>packing/packing.json and, with models/NAME beside it, packing/packed_forward.json: packs, batches, losses of packed rows.</summary>
public sealed class PackingParitySuite : IParitySuite
{
    /// <inheritdoc/>
    public string Name => "packing";

    /// <inheritdoc/>
    public IEnumerable<ParityCase> Find(string folder)
    {
        if (Golden.Read(folder, Name, "packing.json") is { } packing)
        {
            foreach (var (item, index) in packing.GetProperty("cases").EnumerateArray().Select((c, i) => (c, i)))
            {
                yield return new ParityCase($"{Name}/{index}-{item.Text("strategy")}", () => Packs(item));
            }

            yield return new ParityCase($"{Name}/collator", () => packing.GetProperty("collator").EnumerateArray().SelectMany(Collated));
        }

        foreach (var item in Golden.Read(folder, Name, "packed_forward.json")?.EnumerateArray() ?? default)
        {
            yield return new ParityCase($"{Name}/forward-{item.Text("model")}-{item.Text("attn")}", () => Forward(item, folder));
        }
    }

    private static IEnumerable<Comparison> Packs(JsonElement item)
    {
        var strategy = item.Enum("strategy", PackingStrategy.Bfd);
        var lengths = item.GetProperty("lengths").Ints();
        var packs = SamplePacker.Pack(Inputs(lengths), item.GetProperty("seq_length").GetInt32(), strategy).ToList();
        if (item.TryGetProperty("n_rows", out _))
        {
            var first = item.GetProperty("packed_row_first_ids").Ints();
            yield return Golden.Same("row lengths", [packs.Select(p => p.Length)], [item.GetProperty("packed_row_lengths").Ints()]);
            yield return Golden.Same("first ids", [packs.Select(p => p.InputIds[0])], [strategy == PackingStrategy.Wrapped ? OfTheirOwnGroup(first, lengths) : first]);
            yield break;
        }

        yield return Golden.Same("ids", packs.Select(p => p.InputIds), item.GetProperty("packed_input_ids").Rows());
        yield return Golden.Same("labels", packs.Select(p => p.Labels), item.GetProperty("packed_labels").Rows());
        if (item.TryGetProperty("seq_lengths", out var documents))
        {
            yield return Golden.Same("documents", packs.Select(p => p.DocumentLengths!), documents.Rows());
        }
    }

    /// <summary>
    /// TRL's wrapped packing (seen in 1.9.0) reads every group of 1,000 after the first from the start of the whole column: its later
    /// groups repeat the first group's tokens, and their own are never trained on. The same rows with the group's own tokens.
    /// </summary>
    private static IEnumerable<int> OfTheirOwnGroup(int[] firstIds, int[] lengths)
    {
        int[] starts = [.. Enumerable.Range(0, firstIds.Length).Where(i => firstIds[i] == 100), firstIds.Length];
        for (var group = 0; group + 1 < starts.Length; group++)
        {
            var own = 100 + lengths.Take(group * SamplePacker.GroupSize).Sum();
            foreach (var id in firstIds[starts[group]..starts[group + 1]])
            {
                yield return id - 100 + own;
            }
        }
    }

    private static IEnumerable<Comparison> Collated(JsonElement item)
    {
        var kwargs = item.GetProperty("kwargs");
        List<TrainingSample> samples = [.. item.GetProperty("examples").EnumerateArray().Select((e, i) => new TrainingSample
        {
            InputIds = e.GetProperty("input_ids").Ints(),
            Labels = e.GetProperty("labels").Ints(),
            RecordIndexes = [i],
        })];
        var batch = new SampleCollator(0, (int)kwargs.Number("pad_to_multiple_of", 1)).Collate(samples, kwargs.Flag("padding_free") ?? false);
        var golden = item.GetProperty("batch");
        yield return Golden.Same($"ids {kwargs}", [batch.InputIds.Select(v => (int)v)], [golden.GetProperty("input_ids").Rows().SelectMany(r => r)]);
        yield return Golden.Same($"labels {kwargs}", [batch.Labels.Select(v => (int)v)], [golden.GetProperty("labels").Rows().SelectMany(r => r)]);
    }

    private static IEnumerable<Comparison> Forward(JsonElement item, string folder)
    {
        using var scope = torch.NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(folder, "models", item.Text("model")));
        var objective = new CausalLanguageObjective(model, torch.CPU);
        List<TrainingSample> documents = [.. item.GetProperty("sequences").Rows().Select((ids, i) => new TrainingSample { InputIds = ids, Labels = ids, RecordIndexes = [i] })];
        var packed = new SampleCollator(0).Collate(documents, paddingFree: true);
        yield return Golden.Same("labels", [packed.Labels.Select(v => (int)v)], item.GetProperty("labels").Rows());
        yield return Golden.Same("positions", [packed.PositionIds()!.Select(v => (int)v)], item.GetProperty("position_ids").Rows());
        var sums = objective.Evaluate(packed);
        yield return Comparison.Relative("loss of the pack", [sums.Loss.ToDouble() / sums.Targets], [item.Number("loss_packed", 0)], 1e-5);
        var apart = objective.Evaluate(new SampleCollator(0).Collate(documents));
        yield return Comparison.Relative("loss of the rows apart", [apart.Loss.ToDouble() / apart.Targets], [item.Number("loss_packed", 0)], 1e-5);
    }

    private static IEnumerable<TrainingSample> Inputs(int[] lengths)
    {
        var next = 100;
        for (var i = 0; i < lengths.Length; i++)
        {
            int[] ids = [.. Enumerable.Range(next, lengths[i])];
            next += lengths[i];
            int[] labels = [.. ids.Select((id, j) => j < Math.Min(2, ids.Length - 1) ? TrainingSample.Ignored : id)];
            yield return new TrainingSample { InputIds = ids, Labels = labels, RecordIndexes = [i] };
        }
    }
}
