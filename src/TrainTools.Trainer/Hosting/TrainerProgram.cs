using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Hosting;

/// <summary>The trainer's command line: reads it, runs the verb, and reports one clear error for whatever goes wrong.</summary>
public sealed class TrainerProgram(ITrainingEngine training, ITextGeneratorFactory generation, IModelExporter export)
{
    private const string Usage = """
        usage: TrainTools.Trainer VERB
          run FOLDER [--resume CHECKPOINT|latest] [--force] [--max-duration TIME] [--stop-at MOMENT]
              [--stop-on SYMPTOM|SEVERITY]... [--remedy auto] [--detach] [--watch-stdin]
                     does the run that FOLDER/config.yaml describes. --resume continues from a checkpoint (folder, name or
                     step), or from the newest good one; where there is none yet, it begins. Data, configuration, tokenizer
                     and base model are compared with the checkpoint's; --force goes on although they differ.
                     --max-duration (seconds or hh:mm:ss), --stop-at (2026-01-31T06:00) and --stop-on (a diagnosis) stop
                     it after the step it is at, with a checkpoint; so does the end of standard input with --watch-stdin.
                     --remedy auto: goes back and applies safe remedies to what is diagnosed.
                     --detach: closing the terminal it was started from does not.
          generate MODEL [--device DEVICE] [--base BASE]
                     answers JSON requests, one a line, from standard input; BASE is the folder of an adapter's base
          init       writes a model folder with fresh weights as one JSON request on standard input asks for
          export     writes a model or adapter folder as one JSON request on standard input asks for
          backend    prints which libtorch is used and why, as one JSON object
          version    prints the version
        Events go to standard output as JSON lines. Exit codes: 0 completed, 1 failed, 2 invalid input, 3 stopped on
        request, 4 the run folder is in use.
        """;

    /// <summary>Runs a command line with the process's own streams.</summary>
    public int Main(string[] arguments)
    {
        using var streams = StandardStreams.Split();
        using var events = new EventStream(streams.Events);
        try
        {
            return Dispatch(arguments, events, streams);
        }
        catch (Exception e)
        {
            var error = TorchErrors.Translate(e);
            if (e is not TrainToolsException)
            {
                Console.Error.WriteLine(e); // into trainer.log: the one place for stacks
            }

            events.Send(TrainerError.From(error));
            streams.Tell($"error {error.ErrorId}: {error.Message}{(error.Remedy is null ? "" : $" {error.Remedy}")}");
            return ExitCodes.For(error);
        }
    }

    private int Dispatch(string[] arguments, EventStream events, StandardStreams streams)
    {
        switch (arguments)
        {
            case ["run", var folder, .. var rest] when !folder.StartsWith('-'):
                return new RunVerb(training).Run(new RunFolder(folder), RunRequest.Parse(rest), events);

            case ["generate", var model, .. var rest] when !model.StartsWith('-'):
                var (device, basePath) = GenerationOptions(rest);
                return new GenerateVerb(generation).Run(model, basePath, device, Requests(), events);

            case ["init"]:
                return InitVerb.Run(Requests(), events);

            case ["export"]:
                return new ExportVerb(export).Run(Requests(), events);

            case ["backend"]:
                var report = BackendInspector.Inspect();
                events.WriteLine(report.ToJson());
                return report.Error is null ? ExitCodes.Completed : ExitCodes.Failed;

            case ["version" or "--version"]:
                events.WriteLine(BackendInspector.TrainToolsVersion);
                return ExitCodes.Completed;

            case ["help" or "--help" or "-h"]:
                events.WriteLine(Usage);
                return ExitCodes.Completed;

            default:
                streams.Tell(Usage);
                throw RunRequest.Misused(arguments.Length == 0 ? "no verb was given" : $"'{string.Join(' ', arguments)}' was not understood");
        }
    }

    private static StreamReader Requests() => new(Console.OpenStandardInput(), System.Text.Encoding.UTF8);

    private static (string Device, string? Base) GenerationOptions(string[] options)
    {
        var (device, basePath) = ("auto", (string?)null);
        for (var i = 0; i < options.Length; i += 2)
        {
            switch (options[i])
            {
                case "--device" when i + 1 < options.Length:
                    device = options[i + 1];
                    break;
                case "--base" when i + 1 < options.Length:
                    basePath = Path.GetFullPath(options[i + 1]);
                    break;
                default:
                    throw RunRequest.Misused($"'{options[i]}' is no option of generate, or lacks its value");
            }
        }

        return (device, basePath);
    }
}
