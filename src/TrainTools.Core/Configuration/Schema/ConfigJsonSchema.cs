using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TrainTools.Core.Configuration;

/// <summary>The settings as a JSON Schema (draft 2020-12), for editors that complete and check YAML by one.</summary>
public static class ConfigJsonSchema
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema as text, with a line end.</summary>
    public static string Write()
    {
        var properties = new JsonObject
        {
            ["extends"] = new JsonObject
            {
                ["description"] = "Files that this one builds on, relative to it; later ones win, and this file over all of them.",
                ["anyOf"] = new JsonArray(Type("string"), new JsonObject { ["type"] = "array", ["items"] = Type("string") }),
            },
        };
        foreach (var section in ConfigSchema.Sections)
        {
            var inner = new JsonObject();
            foreach (var setting in section.Settings)
            {
                inner[setting.Name] = Setting(setting);
            }

            properties[section.Name] = new JsonObject
            {
                ["description"] = section.Description,
                ["type"] = new JsonArray("object", "null"),
                ["additionalProperties"] = false,
                ["properties"] = inner,
            };
        }

        foreach (var setting in ConfigSchema.Settings)
        {
            properties[setting.Name] = Setting(setting);
        }

        return new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "TrainTools training configuration",
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["properties"] = properties,
        }.ToJsonString(Options) + "\n";
    }

    private static JsonObject Setting(SettingInfo setting)
    {
        var schema = setting.IsList ? List() : Value(setting);
        var text = setting.Unit is null ? setting.Description : $"{setting.Description} [{setting.Unit}]";
        if (setting.IsDerived)
        {
            text += " Derived where it is unset.";
        }

        var result = new JsonObject { ["description"] = text };
        foreach (var (name, value) in schema)
        {
            result[name] = value?.DeepClone();
        }

        if (setting.DefaultValue is { } known and not SettingList { Count: 0 })
        {
            result["default"] = Json(setting, known);
        }

        return result;
    }

    private static JsonObject List() => new()
    {
        ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "array", ["items"] = Type("string") }, Type("string"), Type("null")),
    };

    private static JsonObject Value(SettingInfo setting)
    {
        var type = setting.ValueType == typeof(bool) ? "boolean"
            : setting.ValueType == typeof(double) ? "number"
            : setting.ValueType == typeof(int) || setting.ValueType == typeof(long) ? "integer"
            : "string";
        var schema = new JsonObject { ["type"] = setting.IsNullable ? new JsonArray(type, "null") : type };
        if (setting.AllowedValues.Count > 0)
        {
            schema["enum"] = new JsonArray([.. setting.AllowedValues.Select(v => (JsonNode)v), .. setting.IsNullable ? new JsonNode?[] { null } : []]);
        }

        if (setting.Minimum is { } minimum)
        {
            schema[setting.MinimumExclusive ? "exclusiveMinimum" : "minimum"] = minimum;
        }

        if (setting.Maximum is { } maximum)
        {
            schema[setting.MaximumExclusive ? "exclusiveMaximum" : "maximum"] = maximum;
        }

        return schema;
    }

    private static JsonNode? Json(SettingInfo setting, object value) => value switch
    {
        bool b => b,
        double d => d,
        int i => i,
        long l => l,
        _ => setting.Format(value),
    };

    private static JsonObject Type(string name) => new() { ["type"] = name };
}
