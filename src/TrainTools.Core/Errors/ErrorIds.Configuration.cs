namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // Rules and presets
    public const string ConfigRuleUnknown = "ConfigRuleUnknown";
    public const string ConfigPresetUnknown = "ConfigPresetUnknown";
}
