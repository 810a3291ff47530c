using System.Text.Json;
using System.Text.Json.Nodes;

namespace TrainTools.Core.Data.Mapping;

/// <summary>The fields of one row, with a note of which were used.</summary>
internal ref struct RowFields(JsonElement row)
{
    private readonly JsonElement _row = row;
    private readonly List<string> _used = new(4);

    /// <summary>Whether there is such a field with a value.</summary>
    public readonly bool Has(string name) => _row.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>The first of the names that the row has; null if it has none.</summary>
    public readonly string? First(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Has(name))
            {
                return name;
            }
        }

        return null;
    }

    /// <summary>A field's value, marked as used; an error if the row lacks it.</summary>
    public readonly JsonElement Take(string name)
    {
        if (!_row.TryGetProperty(name, out var value))
        {
            throw new RowException($"field '{name}' is missing");
        }

        if (!_used.Contains(name))
        {
            _used.Add(name);
        }

        return value;
    }

    /// <summary>A field's value, not marked as used; null if the row lacks it.</summary>
    public readonly JsonElement? Peek(string name) => _row.TryGetProperty(name, out var value) ? value : null;

    /// <summary>A field's text, marked as used.</summary>
    public readonly string Text(string name) => JsonValues.Text(Take(name), name);

    /// <summary>A field's text where it has one.</summary>
    public readonly string? OptionalText(string name) => Has(name) ? Text(name) : null;

    /// <summary>Number of fields.</summary>
    public readonly int Count => _row.GetPropertyCount();

    /// <summary>Names of all fields, for messages.</summary>
    public readonly string Names() => Count == 0
        ? "none"
        : string.Join(", ", _row.EnumerateObject().Take(12).Select(p => p.Name));

    /// <summary>The fields that were not used; null if there are none.</summary>
    public readonly JsonObject? Rest()
    {
        if (_row.GetPropertyCount() == _used.Count)
        {
            return null;
        }

        var rest = new JsonObject();
        foreach (var property in _row.EnumerateObject())
        {
            if (!_used.Contains(property.Name))
            {
                rest.Add(property.Name, JsonValues.Node(property.Value));
            }
        }

        return rest.Count > 0 ? rest : null;
    }
}
