using System.Globalization;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Configuration;

/// <summary>Turns written values into typed ones.</summary>
internal static class SettingReader
{
    /// <summary>The value of a setting from its YAML node.</summary>
    /// <returns>The value (null only where the setting can be unset), or what is wrong with it and what would be right.</returns>
    public static (object? Value, string? Problem, string? Remedy) Read(SettingInfo setting, YamlNode node)
    {
        switch (node)
        {
            case YamlScalar { IsNull: true }:
                return setting.IsNullable ? (null, null, null)
                    : setting.IsList ? (SettingList.Empty, null, null)
                    : (null, $"{setting.Name} has no value", $"Give {Kind(setting)}, or leave the line out to get {setting.Format(setting.DefaultValue)}.");
            case YamlScalar scalar when setting.IsList:
                return (SettingList.Create([scalar.Text]), null, null);
            case YamlScalar scalar:
                return ReadText(setting, scalar.Text);
            case YamlSequence sequence when setting.IsList:
                var items = new List<string>(sequence.Items.Count);
                foreach (var item in sequence.Items)
                {
                    if (item is not YamlScalar { IsNull: false } text)
                    {
                        return (null, $"{setting.Name} has an entry that is not a single value", "Give a flat list.");
                    }

                    items.Add(text.Text);
                }

                return (SettingList.From(items), null, null);
            case YamlMapping mapping when setting.IsMap && mapping.Entries.All(e => e.Value is YamlScalar { IsNull: false }):
                return (SettingList.From(mapping.Entries.Select(e => $"{e.Key.Text}={((YamlScalar)e.Value).Text}")), null, null);
            case YamlSequence:
                return (null, $"{setting.Name} is a list, and one value is wanted", $"Give {Kind(setting)}.");
            default:
                return (null, $"{setting.Name} is a setting, not a section", $"Give {Kind(setting)}.");
        }
    }

    /// <summary>The value of a setting that holds one value, from its text.</summary>
    public static (object? Value, string? Problem, string? Remedy) ReadText(SettingInfo setting, string text)
    {
        var value = Convert(setting, text);
        if (value is null)
        {
            var nearest = setting.AllowedValues.Count > 0 ? NearestName.Find(text, setting.AllowedValues) : null;
            return (null, $"{setting.Name}: '{Shorten(text)}' is not {Kind(setting)}", nearest is null ? $"Give {Kind(setting)}." : $"Did you mean {nearest}?");
        }

        return setting.IsPossible(value)
            ? (value, null, null)
            : (null, $"{setting.Name}: {text} is out of range", $"Give {Kind(setting)}.");
    }

    /// <summary>What a setting takes, in words.</summary>
    public static string Kind(SettingInfo setting)
    {
        if (setting.AllowedValues.Count > 0)
        {
            return "one of " + string.Join(", ", setting.AllowedValues);
        }

        var kind = setting.ValueType == typeof(bool) ? "true or false"
            : setting.ValueType == typeof(double) ? "a number"
            : setting.ValueType == typeof(int) || setting.ValueType == typeof(long) ? "a whole number"
            : setting.IsList ? "a list" : "a text";
        return setting.DescribeBounds() is { } bounds ? $"{kind} {bounds}" : kind;
    }

    private static object? Convert(SettingInfo setting, string text)
    {
        var type = setting.ValueType;
        if (type == typeof(string))
        {
            return setting.AllowedValues.Count == 0 ? text : Among(setting.AllowedValues, text);
        }

        if (type.IsEnum)
        {
            // PyYAML reads a plain "no" as false, and files written by it say so.
            var wanted = text is "false" or "False" && setting.AllowedValues.Contains("no") ? "no" : text;
            var index = Among(setting.AllowedValues, wanted) is { } name ? setting.AllowedValues.ToList().IndexOf(name) : -1;
            return index < 0 ? null : Enum.Parse(type, Enum.GetNames(type)[index]);
        }

        if (type == typeof(bool))
        {
            return text switch
            {
                "true" or "True" or "TRUE" => true,
                "false" or "False" or "FALSE" => false,
                _ => null,
            };
        }

        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
        {
            return null;
        }

        if (type == typeof(double))
        {
            return number;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return type == typeof(long) ? whole : whole is >= int.MinValue and <= int.MaxValue ? (int)whole : null;
        }

        // "1e3" and "3.0" are whole numbers too.
        return number != Math.Floor(number) || Math.Abs(number) > int.MaxValue ? null : type == typeof(long) ? (long)number : (int)number;
    }

    private static string? Among(IReadOnlyList<string> values, string text) =>
        values.FirstOrDefault(v => v == text) ?? values.FirstOrDefault(v => NearestName.Normalize(v) == NearestName.Normalize(text));

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
