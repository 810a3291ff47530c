using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.PowerShell;

/// <summary>Findings as streams, where a configuration is about to be used.</summary>
internal static class ConfigGate
{
    /// <summary>Writes the Warnings to the warning stream.</summary>
    public static void WriteWarnings(Cmdlet command, IEnumerable<ConfigFinding> findings)
    {
        foreach (var finding in findings.Where(f => f.Severity == FindingSeverity.Warning))
        {
            command.WriteWarning(Sentence(finding));
        }
    }

    /// <summary>One error for all the Errors.</summary>
    /// <exception cref="TrainToolsException">ConfigRejected.</exception>
    public static void ThrowIfUnusable(IReadOnlyList<ConfigFinding> findings)
    {
        var errors = findings.Where(f => f.Severity == FindingSeverity.Error).ToList();
        if (errors.Count > 0)
        {
            throw new TrainToolsException(
                ErrorIds.ConfigRejected,
                ErrorKind.InvalidArgument,
                string.Join(" ", errors.Select(f => $"{f.RuleId}: {f.Why}")),
                string.Join(" ", errors.Select(f => f.Remedy).Where(r => r is not null).Distinct()),
                errors[0].Setting);
        }
    }

    private static string Sentence(ConfigFinding finding) => $"{finding.RuleId}: {finding.Why}{(finding.Remedy is null ? string.Empty : " " + finding.Remedy)}";
}
