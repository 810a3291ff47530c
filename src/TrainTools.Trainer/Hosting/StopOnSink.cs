using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Hosting;

/// <summary>Passes events on, and asks for a stop when a diagnosis comes by that the run is to end on.</summary>
internal sealed class StopOnSink(IEventSink inner, StopRule rule, StopSignal stop) : IEventSink
{
    /// <inheritdoc/>
    public void Send(TrainerEvent item)
    {
        inner.Send(item);
        if (item is DiagnosisRaised raised && rule.Applies(raised) && stop.Reason is null)
        {
            stop.Request($"{raised.Diagnosis.Symptom} was diagnosed (-StopOn)");
            inner.Send(new LogMessage { Level = "warning", Message = $"{raised.Diagnosis.Symptom}: the run stops after its step (-StopOn)." });
        }
    }
}
