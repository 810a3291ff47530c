using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.PowerShell;

/// <summary>Findings as streams, where a configuration is about to be used.</summary>
internal static class ConfigGate
{
    /// <summary>The rule on the output folder, which a run looks at by itself.</summary>
    public const string OutputFolderRule = "OutputFolder";

    /// <summary>Writes the Warnings to the warning stream.</summary>
    /// <param name="command">The cmdlet that writes.</param>
    /// <param name="findings">The findings.</param>
    /// <param name="except">Id of a rule whose Warnings are left out.</param>
    /// <param name="errors">Whether Errors are written too.</param>
    public static void WriteWarnings(Cmdlet command, IEnumerable<ConfigFinding> findings, string? except = null, bool errors = false)
    {
        foreach (var finding in findings.Where(f => f.RuleId != except && (f.Severity == FindingSeverity.Warning || (errors && f.Severity == FindingSeverity.Error))))
        {
            command.WriteWarning(Sentence(finding));
        }
    }

    /// <summary>One error for all the Errors.</summary>
    /// <exception cref="TrainToolsException">ConfigRejected, or the id that the first Error's finding names.</exception>
    public static void ThrowIfUnusable(IReadOnlyList<ConfigFinding> findings)
    {
        var errors = findings.Where(f => f.Severity == FindingSeverity.Error).ToList();
        if (errors.Count > 0)
        {
            throw new TrainToolsException(
                errors[0].ErrorId ?? ErrorIds.ConfigRejected,
                errors[0].ErrorId switch
                {
                    ErrorIds.ModelFolderNotFound or ErrorIds.ModelConfigMissing or ErrorIds.DatasetNotFound => ErrorKind.NotFound,
                    null => ErrorKind.InvalidArgument,
                    _ => ErrorKind.InvalidData,
                },
                string.Join(" ", errors.Select(f => f.Why)),
                string.Join(" ", errors.Select(f => f.Remedy).Where(r => r is not null).Distinct()),
                errors[0].Setting);
        }
    }

    private static string Sentence(ConfigFinding finding) => $"{finding.RuleId}: {finding.Why}{(finding.Remedy is null ? string.Empty : " " + finding.Remedy)}";
}
