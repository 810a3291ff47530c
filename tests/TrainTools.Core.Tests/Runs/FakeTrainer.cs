using System.Text.Json;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Runs;

/// <summary>
/// This test assembly, run as a program, plays the trainer: it behaves well or badly as its first argument says.
/// The arguments after it are those a real trainer gets.
/// </summary>
internal static class FakeTrainer
{
    /// <summary>The command that starts this program in the given part.</summary>
    public static TrainerCommand Command(string part) =>
        new(DotNetRuntime.Find()!, [typeof(FakeTrainer).Assembly.Location, part]);

    /// <summary>
    /// A shell that takes two steps, logs what libtorch prints before it aborts, and dies by a signal (the .NET runtime
    /// treats signals sent to itself in its own way).
    /// </summary>
    public static TrainerCommand DiesBy(string signal) => new("/bin/sh", [
        "-c",
        """
        echo '{"event":"step","step":1}'; echo '{"event":"step","step":2}'
        printf '{"state":"running","process_id":%d}' $$ > "$2/run.json"
        printf -- '--- start\nterminate called after throwing an instance of c10::Error\n  what():  mat1 and mat2 shapes cannot be multiplied\nframe #0: c10::Error\n' >> "$2/trainer.log"
        kill -SIGNAL $$
        """.Replace("SIGNAL", signal, StringComparison.Ordinal),
        "sh"]);

    public static int Main(string[] arguments)
    {
        var (part, verb) = (arguments[0], arguments[1..]);
        switch (part)
        {
            case "completes":
                Send(new RunStarted { MaxSteps = 3 });
                Console.WriteLine("something that is no event");
                Steps(3);
                Send(Result(RunState.Completed, 3));
                return 0;

            case "reports an error":
                Send(new TrainerError { ErrorId = "DatasetEmpty", Kind = "InvalidData", Message = "No records in 'a.jsonl'.", Remedy = "Add some.", Target = "a.jsonl" });
                return 2;

            case "waits for a stop":
                Steps(1);
                Console.In.ReadToEnd();
                Send(Result(RunState.Stopped, 1));
                return 3;

            case "hangs":
                Steps(1);
                Thread.Sleep(Timeout.Infinite);
                return 0;

            case "says a lot":
                for (var i = 0; i < 5000; i++)
                {
                    Console.Error.WriteLine(new string('x', 100));
                }

                Steps(5000);
                Send(Result(RunState.Completed, 5000));
                return 0;

            case "answers":
                for (var index = 0; Console.ReadLine() is { } line; index++)
                {
                    var request = JsonSerializer.Deserialize<GenerationRequest>(line, TrainerEvent.JsonOptions)!;
                    Send(request.Prompt == "bad"
                        ? new TrainerError { ErrorId = "PromptTooLong", Kind = "InvalidArgument", Message = "Too long.", Index = index }
                        : new GeneratedText { Index = index, Prompt = request.Prompt!, Text = request.Prompt + "!" });
                }

                return 0;

            case "leaves without a word":
                return 7;

            case "ends well without a result":
                return 0;

            default:
                return 99;
        }
    }

    private static void Steps(int count)
    {
        for (var step = 1; step <= count; step++)
        {
            Send(new TrainingStep { Step = step, Loss = 1.0 / step });
        }
    }

    private static RunResult Result(RunState state, int steps) => new() { State = state, Steps = steps };

    private static void Send(TrainerEvent item) => Console.WriteLine(item.ToJsonLine());
}
