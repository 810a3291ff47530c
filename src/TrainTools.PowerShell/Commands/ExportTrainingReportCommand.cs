using System.Management.Automation;
using TrainTools.Core.Errors;
using TrainTools.Core.Reports;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Writes the report of a run, this tool's or another's, as one HTML page that needs no network: charts with the diagnoses
/// marked on them, settings, findings, evaluations, checkpoints. With -Compare, one page that has several runs beside each other.
/// </summary>
[Cmdlet(VerbsData.Export, "TrainingReport", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(FileInfo))]
public sealed class ExportTrainingReportCommand : PathCommandBase
{
    private readonly List<string> compared = [];

    /// <summary>
    /// The page to write; for a run folder its report.html by default. With several runs that are not compared, a folder.
    /// </summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? OutputPath { get; set; }

    /// <summary>A folder for the charts as PNG pictures.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? PngPath { get; set; }

    /// <summary>One page for all runs: a table of results and differing settings, and their curves in one chart.</summary>
    [Parameter]
    public SwitchParameter Compare { get; set; }

    /// <summary>Write over a page that exists elsewhere than in a run folder.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Give the files to the pipeline.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessPath(string path)
    {
        if (Compare)
        {
            compared.Add(path);
            return;
        }

        var run = ReportedRun.Read(path);
        var target = OutputPath is null
            ? Directory.Exists(path) ? new RunFolder(path).ReportPath : System.IO.Path.ChangeExtension(path, ".html")
            : Target(run.Name);
        Write(target, () => RunReportPage.Write(target, run), isOwn: OutputPath is null && run.Run is not null);
        Pictures(run.Name, () => RunCharts.Of(run));
    }

    /// <inheritdoc/>
    protected override void End()
    {
        if (!Compare || compared.Count == 0)
        {
            return;
        }

        if (compared.Count < 2)
        {
            throw new TrainToolsException(ErrorIds.ReportNothingToCompare, ErrorKind.InvalidArgument, $"There is one run to compare: {compared[0]}.", "Name two runs or more, or leave -Compare out.", compared[0]);
        }

        List<ReportedRun> runs = [.. compared.Select(ReportedRun.Read)];
        var target = OutputPath is null ? PathHelper.ResolveNew(this, "comparison.html") : Target("comparison");
        Write(target, () => RunReportPage.Write(target, runs), isOwn: false);
        Pictures("comparison", () => RunCharts.Compare(runs));
    }

    // A folder, or a name without extension, means a file of the run's name in it.
    private string Target(string name)
    {
        var path = PathHelper.ResolveNew(this, OutputPath!);
        return Directory.Exists(path) || !System.IO.Path.HasExtension(path) ? System.IO.Path.Combine(path, name + ".html") : path;
    }

    private void Write(string path, Action write, bool isOwn)
    {
        if (File.Exists(path) && !Force && !isOwn)
        {
            throw new TrainToolsException(ErrorIds.FileExists, ErrorKind.AlreadyExists, $"The file {path} exists already.", "Choose another name, or write over it with -Force.", path);
        }

        if (!ShouldProcess(path, "Write the training report"))
        {
            return;
        }

        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        write();
        WriteVerbose($"The report is {path}.");
        if (PassThru)
        {
            WriteObject(new FileInfo(path));
        }
    }

    private void Pictures(string name, Func<IReadOnlyList<Chart>> charts)
    {
        if (PngPath is null)
        {
            return;
        }

        var folder = PathHelper.ResolveNew(this, PngPath);
        if (!ShouldProcess(folder, "Write charts as PNG"))
        {
            return;
        }

        Directory.CreateDirectory(folder);
        foreach (var chart in charts())
        {
            var path = System.IO.Path.Combine(folder, $"{name}-{chart.Name}.png");
            PngChart.Write(path, chart);
            if (PassThru)
            {
                WriteObject(new FileInfo(path));
            }
        }
    }
}
