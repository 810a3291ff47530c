using System.Management.Automation;
using TrainTools.Core.Backend;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Tells which libtorch the trainer uses, where each library came from, on which devices it can compute, and why CUDA is or
/// is not among them. A trainer process is asked; this one loads no native library.
/// </summary>
[Cmdlet(VerbsCommon.Get, "TrainingBackend")]
[OutputType(typeof(BackendReport))]
public sealed class GetTrainingBackendCommand : CommandBase
{
    /// <inheritdoc/>
    protected override void End()
    {
        var report = TrainerProcess.QueryBackend(TrainerLocator.Find(), Cancellation);
        WriteObject(report);
        if (report.Error is not null)
        {
            // The report says what was looked at; the error makes a script notice.
            throw report.Error.ToException();
        }
    }
}
