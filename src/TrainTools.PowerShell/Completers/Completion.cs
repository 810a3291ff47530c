using System.Management.Automation;

namespace TrainTools.PowerShell.Completers;

/// <summary>What completers share.</summary>
internal static class Completion
{
    /// <summary>The values that match what was typed so far, with their tooltips.</summary>
    public static IEnumerable<CompletionResult> Of(IEnumerable<(string Value, string Tip)> values, string? typed)
    {
        var word = (typed ?? string.Empty).Trim('\'', '"');
        return values
            .Where(v => v.Value.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(v => new CompletionResult(v.Value, v.Value, CompletionResultType.ParameterValue, v.Tip.Length > 0 ? v.Tip : v.Value));
    }
}
