using System.Text.Json;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Hosting;

/// <summary>Exports models, as the process shell sees it.</summary>
public interface IModelExporter
{
    /// <summary>Writes what a request asks for.</summary>
    ExportedModel Export(ExportRequest request, IEventSink events);
}

/// <summary>`export`: reads one JSON request from standard input and writes a model or adapter folder.</summary>
public sealed class ExportVerb(IModelExporter exporter)
{
    /// <summary>Does the export. The caller reports what this throws.</summary>
    /// <returns>The exit code.</returns>
    public int Run(TextReader requests, IEventSink events)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(events);
        var request = Parse(requests.ReadLine());
        TorchBackend.Initialize();
        events.Send(exporter.Export(request, events));
        return ExitCodes.Completed;
    }

    private static ExportRequest Parse(string? line)
    {
        try
        {
            return JsonSerializer.Deserialize<ExportRequest>(line ?? string.Empty, TrainerEvent.JsonOptions) is { Sources.Count: > 0 } request
                ? request : throw Invalid("it names no source", null);
        }
        catch (JsonException e)
        {
            throw Invalid(e.Message, e);
        }
    }

    private static TrainToolsException Invalid(string reason, Exception? inner) => new(
        ErrorIds.ExportRequestInvalid, ErrorKind.InvalidArgument, $"The export request cannot be read: {reason}",
        "It is one line of JSON, such as {\"output_path\": \"out\", \"sources\": [{\"path\": \"runs/a/adapter\"}], \"merge\": true}.", inner: inner);
}
