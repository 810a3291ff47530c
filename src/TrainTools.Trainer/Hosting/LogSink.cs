using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Hosting;

/// <summary>Passes events on, and writes what is meant for people into the log as well: a detached run has no other reader.</summary>
internal sealed class LogSink(IEventSink inner) : IEventSink
{
    /// <inheritdoc/>
    public void Send(TrainerEvent item)
    {
        inner.Send(item);
        if (item is LogMessage { Level: "warning" or "information" } log)
        {
            Console.Error.WriteLine($"{DateTimeOffset.Now:yyyy-MM-ddTHH:mm:sszzz} {log.Level}: {log.Message}");
        }
    }
}
