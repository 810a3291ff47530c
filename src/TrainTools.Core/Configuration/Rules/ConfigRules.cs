namespace TrainTools.Core.Configuration;

/// <summary>All rules, in the order of the config tree.</summary>
public static class ConfigRules
{
    /// <summary>All rules.</summary>
    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        .. PathRules.All,
        .. ValueRules.All,
        .. DataRules.All,
        .. RecordRules.All,
        .. SampleRules.All,
        .. AdapterRules.All,
        .. TaskRules.All,
        .. OptimizationRules.All,
        .. ScheduleRules.All,
        .. BatchRules.All,
        .. EvaluationRules.All,
        .. DeviceRules.All,
        .. ForecastRules.All,
    ];
}
