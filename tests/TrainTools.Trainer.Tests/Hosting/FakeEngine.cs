using System.Runtime.InteropServices;
using TorchSharp;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Hosting;

namespace TrainTools.Trainer.Tests.Hosting;

/// <summary>
/// The trainer's process shell around an engine that behaves as the file `behaviour` of the run folder says: this test
/// assembly, run as a program.
/// </summary>
internal sealed partial class FakeEngine : ITrainingEngine, ITextGeneratorFactory, IModelExporter
{
    /// <summary>The command that starts this program.</summary>
    public static TrainerCommand Command { get; } = new(DotNetRuntime.Find()!, [typeof(FakeEngine).Assembly.Location]);

    public static int Main(string[] arguments) => arguments is [Reliability.RunProgram.Verb, var orders]
        ? Reliability.RunProgram.Execute(orders)
        : new TrainerProgram(new FakeEngine(), new FakeEngine(), new FakeEngine()).Main(arguments);

    /// <inheritdoc/>
    public RunResult Run(RunContext context)
    {
        context.Events.Send(new RunStarted { MaxSteps = 1000 });
        Console.WriteLine("managed noise");
        _ = Puts("native noise");
        _ = Flush(0);
        context.Events.Send(new TrainingStep { Step = 1 });
        switch (File.ReadAllText(Path.Combine(context.Folder.Path, "behaviour")))
        {
            case "completes":
                return new RunResult { State = RunState.Completed, Steps = 1, FinalLoss = 0.5 };

            case "waits for a stop":
                var step = 1;
                while (!context.Stop.IsRequested)
                {
                    Thread.Sleep(10);
                    step++;
                }

                return new RunResult { State = RunState.Stopped, Steps = step };

            case "finds bad data":
                throw new TrainToolsException(ErrorIds.DatasetEmpty, ErrorKind.InvalidData, "There is nothing in 'x.jsonl'.", "Put something there.", "x.jsonl");

            case "has a bug":
                throw new InvalidOperationException("surprise\nwith a second line");

            case "runs out of memory":
                using (torch.zeros(1L << 48))
                {
                    throw new InvalidOperationException("this machine has too much memory");
                }

            default:
                // A shape error that TorchSharp does not catch: libtorch ends the process.
                using (torch.ones(2, 3).matmul(torch.ones(2, 3)))
                {
                    throw new InvalidOperationException("matmul does not abort any more");
                }
        }
    }

    /// <inheritdoc/>
    public ExportedModel Export(ExportRequest request, IEventSink events) => new() { Path = request.OutputPath, Kind = "model", Dtype = "float32" };

    /// <inheritdoc/>
    public ITextGenerator Load(string modelPath, string device, string? basePath = null) => modelPath == "none"
        ? throw new TrainToolsException(ErrorIds.ModelFolderNotFound, ErrorKind.NotFound, "There is no model folder 'none'.")
        : new Echo();

    [LibraryImport("libc", EntryPoint = "puts", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PutsUnix(string text);

    [LibraryImport("ucrtbase", EntryPoint = "puts", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PutsWindows(string text);

    [LibraryImport("libc", EntryPoint = "fflush")]
    private static partial int FlushUnix(nint file);

    [LibraryImport("ucrtbase", EntryPoint = "fflush")]
    private static partial int FlushWindows(nint file);

    private static int Puts(string text) => OperatingSystem.IsWindows() ? PutsWindows(text) : PutsUnix(text);

    private static int Flush(nint file) => OperatingSystem.IsWindows() ? FlushWindows(file) : FlushUnix(file);

    private sealed class Echo : ITextGenerator
    {
        public TrainerEvent Generate(GenerationRequest request, int index, StopSignal stop) => request.MaxNewTokens < 0
            ? throw new TrainToolsException(ErrorIds.GenerationRequestInvalid, ErrorKind.InvalidArgument, "max_new_tokens is negative.")
            : new GeneratedText { Index = index, Prompt = request.Prompt ?? "", Text = $"{request.Prompt}!" };

        public void Dispose()
        {
        }
    }
}
