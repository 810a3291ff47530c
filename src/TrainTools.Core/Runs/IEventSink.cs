namespace TrainTools.Core.Runs;

/// <summary>Where a run reports to. The engine knows no more of its reader than this.</summary>
public interface IEventSink
{
    /// <summary>Takes an event. May be called from any thread; never throws because a reader went away.</summary>
    void Send(TrainerEvent item);
}
