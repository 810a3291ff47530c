using System.Text.Json;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Hosting;

/// <summary>
/// `generate MODEL`: answers one JSON request a line on standard input until it ends. Each request gets one
/// <see cref="GeneratedText"/> (of a classifier a <see cref="ClassifiedText"/>, of a tagger a <see cref="TaggedText"/>), or a <see cref="TrainerError"/> that carries its number while the next ones go on.
/// </summary>
public sealed class GenerateVerb(ITextGeneratorFactory factory)
{
    /// <summary>Answers requests.</summary>
    /// <param name="modelPath">Model or adapter folder.</param>
    /// <param name="basePath">Folder of an adapter's base; null = the one it names.</param>
    /// <param name="device">auto, cpu, cuda or cuda:n.</param>
    /// <param name="requests">One JSON object a line.</param>
    /// <param name="events">Event stream.</param>
    /// <returns>The exit code.</returns>
    public int Run(string modelPath, string? basePath, string device, TextReader requests, IEventSink events)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(events);
        TorchBackend.Initialize();
        using var stop = StopSignal.Manual();
        stop.ListenToSignals();
        using var generator = factory.Load(modelPath, device, basePath);
        var exitCode = ExitCodes.Completed;
        for (var index = 0; Next(requests, stop) is { } line; index++)
        {
            try
            {
                events.Send(generator.Generate(Parse(line, index), index, stop));
            }
            catch (TrainToolsException e)
            {
                events.Send(TrainerError.From(e) with { Index = index });
                exitCode = ExitCodes.InvalidInput;
            }
        }

        return stop.IsRequested ? ExitCodes.Stopped : exitCode;
    }

    /// <summary>The next line; null at the end, or when a stop is asked for while waiting.</summary>
    private static string? Next(TextReader requests, StopSignal stop)
    {
        var line = Task.Run(requests.ReadLine);
        return Task.WaitAny(line, stop.Requested) == 0 && !stop.IsRequested ? line.Result : null;
    }

    private static GenerationRequest Parse(string line, int index)
    {
        try
        {
            var request = JsonSerializer.Deserialize<GenerationRequest>(line, TrainerEvent.JsonOptions);
            if (request is not null && new object?[] { request.Prompt, request.Messages, request.Words }.Count(given => given is not null) == 1)
            {
                return request;
            }

            throw Invalid(index, "it must have one of prompt, messages and words", null);
        }
        catch (JsonException e)
        {
            throw Invalid(index, e.Message, e);
        }
    }

    private static TrainToolsException Invalid(int index, string reason, Exception? inner) => new(
        ErrorIds.GenerationRequestInvalid, ErrorKind.InvalidData, $"Request {index + 1} cannot be read: {reason}", "Each line is one JSON object, such as {\"prompt\": \"Once\"}.", inner: inner);
}
