namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // Rules
    public const string ConfigRuleUnknown = "ConfigRuleUnknown";
}
