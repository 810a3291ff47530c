using System.Text.Json.Nodes;
using TrainTools.Core.Models;
using TrainTools.Core.Serialization;

namespace TrainTools.Trainer.Tests.Models;

/// <summary>A copy of a model folder whose tensors and config can be changed before it is written.</summary>
internal sealed class EditedModel : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("traintools-edited-").FullName;

    public EditedModel(string name)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Data", name);
        Config = (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(source, ModelConfigFile.FileName)))!;
        using var file = SafetensorsFile.Open(Path.Combine(source, ModelWeightFiles.SingleName));
        foreach (var entry in file.Entries)
        {
            Tensors[entry.Name] = new Stored(entry.Dtype, [.. entry.Shape], file.Bytes(entry).ToArray());
        }
    }

    public JsonObject Config { get; }

    public Dictionary<string, Stored> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>Gives a tensor another name.</summary>
    public void Rename(string from, string to)
    {
        Tensors[to] = Tensors[from];
        Tensors.Remove(from);
    }

    /// <summary>Writes the folder, the tensors in as many files as asked.</summary>
    public string Save(int shards = 1)
    {
        File.WriteAllText(Path.Combine(folder, ModelConfigFile.FileName), Config.ToJsonString());
        var items = Tensors.Select(t => new SafetensorsItem(t.Key, t.Value.Dtype, t.Value.Shape, s => s.Write(t.Value.Bytes))).ToList();
        if (shards == 1)
        {
            SafetensorsWriter.Write(Path.Combine(folder, ModelWeightFiles.SingleName), items);
            return folder;
        }

        var map = new JsonObject();
        foreach (var (chunk, i) in items.Chunk((items.Count + shards - 1) / shards).Select((c, i) => (c, i)))
        {
            string name = $"model-{i + 1:D5}-of-{shards:D5}.safetensors";
            SafetensorsWriter.Write(Path.Combine(folder, name), chunk);
            foreach (var item in chunk)
            {
                map[item.Name] = name;
            }
        }

        File.WriteAllText(Path.Combine(folder, ModelWeightFiles.IndexName), new JsonObject { ["weight_map"] = map }.ToJsonString());
        return folder;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    internal sealed record Stored(SafetensorsDtype Dtype, long[] Shape, byte[] Bytes);
}
