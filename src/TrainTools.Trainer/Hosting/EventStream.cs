using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Hosting;

/// <summary>
/// Writes events as JSON lines, one write a line. When the reader has gone away the run goes on without it: whether that
/// ends the run is <see cref="StopSignal"/>'s matter.
/// </summary>
public sealed class EventStream(Stream output) : IEventSink, IDisposable
{
    private readonly Lock gate = new();
    private bool broken;

    /// <inheritdoc/>
    public void Send(TrainerEvent item)
    {
        ArgumentNullException.ThrowIfNull(item);
        WriteLine(item.ToJsonLine());
    }

    /// <summary>Writes a line as it is.</summary>
    public void WriteLine(string text)
    {
        var line = System.Text.Encoding.UTF8.GetBytes(text + "\n");
        lock (gate)
        {
            if (broken)
            {
                return;
            }

            try
            {
                output.Write(line);
                output.Flush();
            }
            catch (IOException)
            {
                broken = true;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            broken = true;
            output.Dispose();
        }
    }
}
