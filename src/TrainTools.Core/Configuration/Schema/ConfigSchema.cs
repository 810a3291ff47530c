using System.Collections.Frozen;
using System.Reflection;

namespace TrainTools.Core.Configuration;

/// <summary>The settings of <see cref="TrainingConfig"/>, found by reflection: the one list that YAML, cmdlets, documentation and the JSON schema are made from.</summary>
public static class ConfigSchema
{
    private static readonly FrozenDictionary<string, SettingInfo> ByName;

    static ConfigSchema()
    {
        var settings = new List<SettingInfo>();
        var sections = new List<SectionInfo>();
        foreach (var property in typeof(TrainingConfig).GetProperties())
        {
            if (property.GetCustomAttribute<SettingAttribute>() is not { } attribute)
            {
                continue;
            }

            var leaves = property.PropertyType.GetProperties()
                .Select(p => (Property: p, Attribute: p.GetCustomAttribute<SettingAttribute>()))
                .Where(p => p.Attribute is not null)
                .Select(p => new SettingInfo(property, p.Property, p.Attribute!))
                .ToList();
            if (leaves.Count == 0)
            {
                settings.Add(new SettingInfo(null, property, attribute));
                continue;
            }

            sections.Add(new SectionInfo(attribute.Name, property, leaves));
            settings.AddRange(leaves);
        }

        Settings = settings;
        Sections = sections;
        ByName = settings.ToFrozenDictionary(s => s.Name, StringComparer.Ordinal);
    }

    /// <summary>Every leaf, in the order of the tree.</summary>
    public static IReadOnlyList<SettingInfo> Settings { get; }

    /// <summary>The sections, in the order of the tree.</summary>
    public static IReadOnlyList<SectionInfo> Sections { get; }

    /// <summary>The setting of this YAML name; null if there is none.</summary>
    public static SettingInfo? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The setting of this YAML name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public static SettingInfo Get(string name) => Find(name) ?? throw new KeyNotFoundException($"There is no setting '{name}'.");

    /// <summary>The section of this YAML name; null if there is none.</summary>
    public static SectionInfo? FindSection(string name) => Sections.FirstOrDefault(s => s.Name == name);

    /// <summary>The setting or section name that a mistyped one was meant to be; null if none is near.</summary>
    public static string? Nearest(string name) => NearestName.Find(name, Settings.Select(s => s.Name).Concat(Sections.Select(s => s.Name)));
}

/// <summary>A group of settings in YAML.</summary>
public sealed class SectionInfo
{
    private readonly PropertyInfo property;

    internal SectionInfo(string name, PropertyInfo property, IReadOnlyList<SettingInfo> settings)
    {
        Name = name;
        Settings = settings;
        this.property = property;
    }

    /// <summary>Name in YAML.</summary>
    public string Name { get; }

    /// <summary>Its settings.</summary>
    public IReadOnlyList<SettingInfo> Settings { get; }

    /// <summary>What the section is about.</summary>
    public string Description => SettingDocs.OfProperty(property);
}
