using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace TrainTools.PowerShell.Datasets;

/// <summary>Writes out the command that makes a run again.</summary>
internal static class CommandText
{
    private static readonly string[] LeftOut = ["Path", "LiteralPath", "InputObject", "WhatIf", "Confirm"];

    /// <summary>
    /// The command with its parameters' values and the full names of its files, so that it depends on no variable and no
    /// folder; for records of the pipeline the line as it was typed. Null if there is none.
    /// </summary>
    public static string? Of(InvocationInfo invocation, IReadOnlyList<string> files)
    {
        if (invocation.BoundParameters.ContainsKey("InputObject") || files.Count == 0)
        {
            return invocation.Line.Trim() is { Length: > 0 } line ? line : null;
        }

        var text = new StringBuilder(invocation.InvocationName).Append(" -LiteralPath ").Append(Literal(files));
        foreach (var (name, value) in invocation.BoundParameters.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            if (LeftOut.Contains(name) || value is SwitchParameter { IsPresent: false })
            {
                continue;
            }

            text.Append(" -").Append(name);
            if (value is not SwitchParameter)
            {
                text.Append(' ').Append(Literal(value));
            }
        }

        return text.ToString();
    }

    private static string Literal(object? value) => value switch
    {
        PSObject wrapped => Literal(wrapped.BaseObject),
        null => "$null",
        bool flag => flag ? "$true" : "$false",
        string text => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'",
        IDictionary map => $"@{{ {string.Join("; ", Pairs(map))} }}",
        IEnumerable list => string.Join(", ", list.Cast<object?>().Select(Literal)),
        Enum or char => Literal(value.ToString()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => Literal(value.ToString()),
    };

    private static IEnumerable<string> Pairs(IDictionary map) =>
        map.Keys.Cast<object>().OrderBy(k => k.ToString(), StringComparer.Ordinal).Select(k => $"{Literal(k)} = {Literal(map[k])}");
}
