using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Reports;

/// <summary>The report that a run leaves in its folder.</summary>
public static class RunReport
{
    /// <summary>
    /// Writes report.html. A run is not to fail for its report: what goes wrong comes back as a text; null = written.
    /// </summary>
    public static string? TryWrite(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        try
        {
            RunReportPage.Write(folder.ReportPath, ReportedRun.Read(folder.Path));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TrainToolsException)
        {
            return $"The report could not be written to {folder.ReportPath}: {e.Message}";
        }
    }
}
