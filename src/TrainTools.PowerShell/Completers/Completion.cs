using System.Management.Automation;

namespace TrainTools.PowerShell.Completers;

/// <summary>What completers share.</summary>
internal static class Completion
{
    private static readonly char[] NeedQuotes = [.. " \t'\"`$(){}[];,|&<>@#"];

    /// <summary>The values that match what was typed so far, with their tooltips.</summary>
    public static IEnumerable<CompletionResult> Of(IEnumerable<(string Value, string Tip)> values, string? typed)
    {
        var word = (typed ?? string.Empty).Trim('\'', '"');
        return values
            .Where(v => v.Value.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(v => new CompletionResult(Quote(v.Value), v.Value, CompletionResultType.ParameterValue, v.Tip.Length > 0 ? v.Tip : v.Value));
    }

    /// <summary>
    /// What a source gives, or nothing if it fails for any reason: a key press must not end in an error. What can be completed
    /// is looked up on disk, so anything can go wrong there.
    /// </summary>
    public static IEnumerable<CompletionResult> Quietly(Func<IEnumerable<CompletionResult>> source)
    {
        try
        {
            return [.. source()];
        }
#pragma warning disable CA1031 // Any failure means: nothing to offer.
        catch (Exception)
#pragma warning restore CA1031
        {
            return [];
        }
    }

    /// <summary>Full path of what was typed, from the shell's location.</summary>
    public static string FullPath(string path)
    {
        // Resolved out here: what fails within a script is left in $Error, even if it is caught.
        var state = (SessionState)ScriptBlock.Create("$ExecutionContext.SessionState").Invoke()[0].BaseObject;
        return state.Path.GetUnresolvedProviderPathFromPSPath(path);
    }

    /// <summary>The paths that were given for one of some parameters; empty if none was.</summary>
    public static IEnumerable<string> Paths(System.Collections.IDictionary bound, params ReadOnlySpan<string> parameters)
    {
        foreach (var parameter in parameters)
        {
            if (bound[parameter] is { } value)
            {
                return (LanguagePrimitives.ConvertTo<string[]>(value) ?? []).Where(p => p.Length > 0).Select(FullPath);
            }
        }

        return [];
    }

    private static string Quote(string value) =>
        value.IndexOfAny(NeedQuotes) >= 0 ? $"'{value.Replace("'", "''", StringComparison.Ordinal)}'" : value;
}
