using System.Text.Json.Nodes;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Models;

namespace TrainTools.Core.Samples.Labels;

/// <summary>
/// labels.json beside an adapter: an adapter has no config.json of its own, and its base does not know the labels. PEFT
/// leaves them to the caller (num_labels, id2label).
/// </summary>
public static class LabelFile
{
    private const string FileName = "labels.json";

    /// <summary>Writes the labels in the form of config.json.</summary>
    public static void Write(string folder, LabelSet labels)
    {
        var json = new JsonObject
        {
            ["id2label"] = new JsonObject(labels.Names.Select((name, id) => KeyValuePair.Create(FormattableString.Invariant($"{id}"), (JsonNode?)name))),
            ["label2id"] = new JsonObject(labels.Names.Select((name, id) => KeyValuePair.Create(name, (JsonNode?)id))),
        };
        if (labels.Problem is { } problem)
        {
            json["problem_type"] = ConfigSchema.Get("problem_type").Format(problem);
        }

        AtomicFile.WriteText(Path.Combine(folder, FileName), json.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    /// <summary>The labels of a model folder (config.json) or an adapter folder (labels.json); null where it has none.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.ModelConfigInvalid"/>.</exception>
    public static LabelSet? Read(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            path = Path.Combine(folder, ModelConfigFile.FileName);
            if (!File.Exists(path) || ModelConfigFile.Read(folder).SectionOrNull("id2label") is null)
            {
                return null;
            }
        }

        try
        {
            var json = JsonNode.Parse(File.ReadAllText(path))!;
            var names = json["id2label"]!.AsObject().OrderBy(p => int.Parse(p.Key, System.Globalization.CultureInfo.InvariantCulture)).Select(p => p.Value!.GetValue<string>()).ToList();
            return new LabelSet(names, ModelLabels.Problems(json["problem_type"]?.GetValue<string>()));
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException or FormatException or NullReferenceException or ArgumentException)
        {
            throw new TrainToolsException(ErrorIds.ModelConfigInvalid, ErrorKind.InvalidData, $"'{path}' is not a valid set of labels: {e.Message}", "It holds id2label as config.json does.", path, e);
        }
    }
}
