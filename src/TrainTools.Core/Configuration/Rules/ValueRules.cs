using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on values that cannot be, whatever the run.</summary>
internal static class ValueRules
{
    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "ValuePossible",
            Title = "Every value is possible",
            Settings = [.. ConfigSchema.Settings.Where(s => s.DescribeBounds() is not null || s.AllowedValues.Count > 0).Select(s => s.Name)],
            Source = Sources.Semantics,
            Levels = "Error for each value out of its setting's bounds",
            Why = "The value has no meaning.",
            Test = c => ConfigSchema.Settings.Where(s => !s.IsPossible(s.Get(c.Given))).SelectMany(s =>
                Found(Error, $"{s.Name} must be {SettingReader.Kind(s)}.", SettingReader.Kind(s), setting: s.Name, set: [(s.Name, s.DefaultValue)])),
        },
    ];
}
