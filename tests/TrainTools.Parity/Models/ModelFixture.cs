using System.Text.Json;
using TorchSharp;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Loading;
using static TorchSharp.torch;

namespace TrainTools.Parity.Models;

/// <summary>A row of golden input; labels are a list of ids, one id, or a list of numbers.</summary>
public sealed record FixtureRow(long[] InputIds, long[] AttentionMask, JsonElement Labels, long[]? TokenTypeIds);

/// <summary>A model folder with inputs and what transformers computed from them.</summary>
public sealed class ModelFixture
{
    private readonly JsonElement inputs;

    /// <summary>Reads inputs.json and expected.json.</summary>
    public ModelFixture(string folder)
    {
        Folder = folder;
        inputs = Read("inputs.json");
        Expected = Read("expected.json");
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>expected.json.</summary>
    public JsonElement Expected { get; }

    /// <summary>The rows of the forward pass, one batch.</summary>
    public IReadOnlyList<FixtureRow> ForwardRows => Rows(inputs.GetProperty("forward"));

    /// <summary>The batches of the five training steps.</summary>
    public IEnumerable<FixtureRow[]> TrainBatches => Rows(inputs.GetProperty("train_rows")).Chunk(inputs.GetProperty("train_batch_size").GetInt32());

    /// <summary>Whether a folder holds such a model.</summary>
    public static bool IsOne(string folder) =>
        File.Exists(Path.Combine(folder, "expected.json")) && File.Exists(Path.Combine(folder, "inputs.json")) && File.Exists(Path.Combine(folder, "config.json"));

    /// <summary>Rows of a JSON list.</summary>
    public static IReadOnlyList<FixtureRow> Rows(JsonElement list) => list.EnumerateArray()
        .Select(r => new FixtureRow(
            Ids(r.GetProperty("input_ids")),
            Ids(r.GetProperty("attention_mask")),
            r.GetProperty("labels"),
            r.TryGetProperty("token_type_ids", out var types) ? Ids(types) : null))
        .ToList();

    /// <summary>Rows as the model takes them, padded on the right to the longest.</summary>
    public static ModelInput Input(IReadOnlyList<FixtureRow> rows, bool training = false)
    {
        int length = rows.Max(r => r.InputIds.Length);
        return new ModelInput
        {
            InputIds = Stack(rows.Select(r => r.InputIds), length),
            AttentionMask = Stack(rows.Select(r => r.AttentionMask), length),
            TokenTypeIds = rows[0].TokenTypeIds is null ? null : Stack(rows.Select(r => r.TokenTypeIds!), length),
            Training = training,
        };
    }

    /// <summary>The golden logits.</summary>
    public Tensor Logits()
    {
        using var file = SafetensorsFile.Open(Path.Combine(Folder, "logits.safetensors"));
        return file.TryGet("logits", out var entry)
            ? TensorBytes.Read(file, entry)
            : throw new InvalidDataException($"{file.Path} has no tensor 'logits'");
    }

    private static Tensor Stack(IEnumerable<long[]> rows, int length) =>
        stack(rows.Select(r => tensor([.. r, .. new long[length - r.Length]])).ToArray());

    private static long[] Ids(JsonElement list) => list.EnumerateArray().Select(v => v.GetInt64()).ToArray();

    private JsonElement Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, name)));
        return document.RootElement.Clone();
    }
}
