using System.Globalization;
using System.Management.Automation;
using TrainTools.Core.Backend;
using TrainTools.Core.Backend.Installation;
using TrainTools.Core.Errors;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Installs libtorch into a folder of the user, from a package feed or from a folder of packages. Downloads go on where they
/// stopped, every package is held against its checksum, and nothing stands under the backend's name until it is complete. What is
/// installed already, whole and in the right version, is given as it is.
/// </summary>
[Cmdlet(VerbsLifecycle.Install, "TrainingBackend", SupportsShouldProcess = true)]
[OutputType(typeof(BackendInstallation))]
public sealed class InstallTrainingBackendCommand : CommandBase
{
    private const int ActivityId = 21;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private long shownAt;

    /// <summary>
    /// Cpu; CudaWindows or CudaLinux for NVIDIA cards (about 3 GB); FromPython for the torch of a Python installation, which is used where it lies.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateSet(BackendInstaller.Cpu, BackendInstaller.CudaWindows, BackendInstaller.CudaLinux, BackendInstaller.FromPython)]
    public string Backend { get; set; } = BackendInstaller.Cpu;

    /// <summary>
    /// Address of a package feed's index.json, or a folder with the packages, for machines without a network. Left out = the first feed
    /// that the package tools of this user know. With FromPython: the folder of the environment.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Source { get; set; }

    /// <summary>Install again over what is installed, or point to another Python installation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        var source = Source is null || PackageSources.IsAddress(Source) ? Source : PathHelper.ResolveNew(this, Source);
        var installer = new BackendInstaller(BackendPlatform.Installed, Report, Cancellation);
        var folder = installer.FolderFor(Backend);
        if (!Force && installer.Existing(Backend) is { } existing)
        {
            RefuseOtherPython(existing, source);
            WriteVerbose($"The backend {Backend} {existing.Version} is installed already in {folder}: nothing to do. -Force installs it again; Get-TrainingBackend shows whether it is used.");
            WriteObject(existing);
            return;
        }

        if (!ShouldProcess(folder, $"Install the backend {Backend}{(source is null ? "" : $" from {source}")}"))
        {
            return;
        }

        try
        {
            WriteObject(Install(installer, source));
        }
        finally
        {
            Complete();
        }
    }

    // To point elsewhere is another wish than to have it installed.
    private static void RefuseOtherPython(BackendInstallation existing, string? source)
    {
        if (existing.Backend == BackendInstaller.FromPython && source is not null && BackendInstaller.FindInPython(source).Library is var asked && asked != existing.Library)
        {
            throw new TrainToolsException(
                ErrorIds.BackendInstalled, ErrorKind.AlreadyExists, $"The backend {existing.Backend} is installed already and uses {existing.Library}.",
                $"Let it use {asked} with -Force.", existing.Path);
        }
    }

    private BackendInstallation Install(BackendInstaller installer, string? source)
    {
        if (Backend == BackendInstaller.FromPython)
        {
            return installer.InstallFromPython(source);
        }

        var packages = PackageSources.Open(source);
        using var feed = packages as IDisposable;
        var result = installer.Install(Backend, packages);
        if (result.Verified == false)
        {
            WriteWarning("The source states no checksum for some packages: only what could be checked has been.");
        }

        return result;
    }

    private void Report(InstallationProgress progress)
    {
        if (shownAt != 0 && TimeProvider.System.GetElapsedTime(shownAt) < Interval)
        {
            return;
        }

        shownAt = TimeProvider.System.GetTimestamp();
        var size = progress.Total > 0
            ? string.Create(CultureInfo.InvariantCulture, $"  {progress.Done / 1e6:N0} of {progress.Total / 1e6:N0} MB")
            : string.Empty;
        WriteProgress(new ProgressRecord(ActivityId, $"Installing the backend {Backend}", $"{progress.Activity} {progress.Item} ({progress.Number} of {progress.Count}){size}")
        {
            PercentComplete = progress.Total > 0 ? (int)Math.Clamp(100 * progress.Done / progress.Total, 0, 100) : 100 * (progress.Number - 1) / progress.Count,
        });
    }

    private void Complete()
    {
        if (shownAt != 0 && !Stopping)
        {
            WriteProgress(new ProgressRecord(ActivityId, $"Installing the backend {Backend}", "Done") { RecordType = ProgressRecordType.Completed });
        }
    }
}
