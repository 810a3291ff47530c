using System.Globalization;
using System.Text.Json;
using TrainTools.Core.Samples.Labels;

namespace TrainTools.Core.Data.Mapping;

/// <summary>
/// Makes words and BIO tags of a text and its entities by character, as annotation tools write them: a list of
/// [start, end, label], or of objects with start, end and label (also start_offset, end_offset, type, entity_group). Places
/// count code points, as Python does. A word ends where an entity begins or ends.
/// </summary>
internal static class EntityMapper
{
    private static readonly string[] Starts = ["start", "start_offset", "begin"];
    private static readonly string[] Ends = ["end", "end_offset"];
    private static readonly string[] Labels = ["label", "type", "entity_group", "entity", "tag"];

    /// <summary>The field with the entities; null if there is none.</summary>
    public static string? Field(RowFields row, DatasetReaderOptions options)
    {
        var named = NamedFields.IsGiven(options, o => o.TagsField);
        foreach (var name in named ? [options.TagsField] : KnownFields.Entities)
        {
            if (row.Has(name) && row.Peek(name) is { ValueKind: JsonValueKind.Array } list)
            {
                if (list.GetArrayLength() == 0 ? named || name is "entities" or "spans" : list[0].ValueKind is JsonValueKind.Array or JsonValueKind.Object)
                {
                    return name;
                }
            }
        }

        return null;
    }

    /// <summary>Maps a row.</summary>
    /// <exception cref="RowException">An entity that is not in the text, or two in one place.</exception>
    public static TrainingRecord Map(RowFields row, string textField, string entityField)
    {
        var text = row.Text(textField);
        var places = CodePoints(text);
        var entities = row.Take(entityField).EnumerateArray().Select(e => Read(e, entityField, places)).OrderBy(e => e.Start).ToList();
        for (var i = 1; i < entities.Count; i++)
        {
            if (entities[i].Start < entities[i - 1].End)
            {
                throw new RowException($"field '{entityField}': the entities '{Show(text, entities[i - 1])}' and '{Show(text, entities[i])}' overlap, and a word has one tag");
            }
        }

        var words = TextWords.Split(text, entities.SelectMany(e => new[] { e.Start, e.End }).ToHashSet());
        var tags = new string[words.Count];
        for (int i = 0, at = 0; i < tags.Length; i++)
        {
            while (at < entities.Count && entities[at].End <= words[i].Start)
            {
                at++;
            }

            var inside = at < entities.Count && words[i].Start >= entities[at].Start;
            var first = inside && (i == 0 || words[i - 1].Start < entities[at].Start);
            tags[i] = inside ? (first ? "B-" : "I-") + entities[at].Label : "O";
        }

        return new TrainingRecord
        {
            Shape = RecordShape.TokenClassification,
            Tokens = [.. words.Select(w => text[w.Start..w.End])],
            Tags = tags,
            Extra = row.Rest(),
        };
    }

    private static string Show(string text, (int Start, int End, string Label) entity) => text[entity.Start..entity.End];

    private static (int Start, int End, string Label) Read(JsonElement entity, string field, int[] places)
    {
        var (start, end, label) = entity switch
        {
            { ValueKind: JsonValueKind.Array } when entity.GetArrayLength() == 3 => (entity[0], entity[1], entity[2]),
            { ValueKind: JsonValueKind.Object } => (Find(entity, Starts, field), Find(entity, Ends, field), Find(entity, Labels, field)),
            _ => throw new RowException($"field '{field}' holds {JsonValues.Describe(entity)} where [start, end, label] or an object is expected"),
        };
        if (start.ValueKind != JsonValueKind.Number || end.ValueKind != JsonValueKind.Number || !start.TryGetInt32(out var from) || !end.TryGetInt32(out var to) || from < 0 || to <= from || to >= places.Length)
        {
            throw new RowException(string.Create(CultureInfo.InvariantCulture, $"field '{field}': the entity from {start.GetRawText()} to {end.GetRawText()} is not within the text of {places.Length - 1} characters"));
        }

        return (places[from], places[to], JsonValues.Label(label, field));
    }

    private static JsonElement Find(JsonElement entity, string[] names, string field)
    {
        foreach (var name in names)
        {
            if (entity.TryGetProperty(name, out var value))
            {
                return value;
            }
        }

        throw new RowException($"field '{field}': an entity has no '{names[0]}'");
    }

    /// <summary>Where each code point begins, and the end.</summary>
    private static int[] CodePoints(string text) =>
        [.. Enumerable.Range(0, text.Length).Where(i => !(char.IsLowSurrogate(text[i]) && i > 0 && char.IsHighSurrogate(text[i - 1]))), text.Length];
}
