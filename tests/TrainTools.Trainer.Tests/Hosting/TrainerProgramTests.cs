using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Hosting;

namespace TrainTools.Trainer.Tests.Hosting;

/// <summary>The trainer's process shell from outside: streams, exit codes, run.json, stop requests, deaths.</summary>
public sealed partial class TrainerProgramTests : IDisposable
{
    private readonly TemporaryFolder temporary = new();
    private readonly RunFolder folder;

    public TrainerProgramTests()
    {
        folder = new RunFolder(temporary.Path);
        var data = temporary.Write("{\"text\":\"abc\"}\n", "data.jsonl");
        File.WriteAllText(folder.ConfigPath, ConfigYaml.Write(new TrainingConfig { Data = new DataConfig { DatasetPath = [data] } }));
    }

    public void Dispose() => temporary.Dispose();

    [Fact]
    public void ACompletedRunLeavesItsStateAndNothingButEventsOnStandardOutput()
    {
        var (exit, output, errors) = Run("completes");
        Assert.Equal(ExitCodes.Completed, exit);
        Assert.Equal("", errors);
        Assert.Collection(
            output.Select(TrainerEvent.TryParse),
            e => Assert.IsType<RunStarted>(e),
            e => Assert.IsType<TrainingStep>(e),
            e => Assert.Equal(0.5, Assert.IsType<RunResult>(e).FinalLoss));

        var log = File.ReadAllText(folder.LogPath);
        Assert.Contains("managed noise", log, StringComparison.Ordinal);
        Assert.Contains("native noise", log, StringComparison.Ordinal);

        var info = RunInfo.TryLoad(folder)!;
        Assert.Equal((RunState.Completed, Environment.MachineName, 0.5), (info.State, info.Host, info.Result!.FinalLoss));
        Assert.Equal("2.10.0", info.Versions["libtorch"]);
        Assert.Equal(Core.Files.FileHash.Sha256(temporary["data.jsonl"]), info.Hashes[temporary["data.jsonl"]]);
        Assert.True(info.Hashes.ContainsKey("config"));
        Assert.True(info.EndedAt >= info.StartedAt);
        Assert.False(RunLock.IsHeld(folder));
    }

    [Fact]
    public void TheLogIsAppendedTo()
    {
        File.WriteAllText(folder.LogPath, "an earlier run\n");
        Run("completes");
        Assert.StartsWith("an earlier run\n--- ", File.ReadAllText(folder.LogPath), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file", "the file 'stop'")]
    [InlineData("input", "standard input was closed")]
    [InlineData("signal", "SIGTERM")]
    public void AStopRequestEndsTheRunAsStopped(string how, string reason)
    {
        if (OperatingSystem.IsWindows() && how == "signal")
        {
            return;
        }

        File.WriteAllText(folder.StopRequestPath, "left over from an earlier run");
        File.WriteAllText(temporary["behaviour"], "waits for a stop");
        using var trainer = TrainerProcess.StartRun(FakeEngine.Command, folder);
        Assert.IsType<RunStarted>(trainer.Read());
        Assert.IsType<TrainingStep>(trainer.Read());
        switch (how)
        {
            case "file":
                File.WriteAllText(folder.StopRequestPath, "");
                break;
            case "input":
                trainer.RequestStop();
                break;
            default:
                Assert.Equal(0, Kill(trainer.ProcessId, 15));
                break;
        }

        Assert.Contains(reason, Assert.IsType<LogMessage>(trainer.Read()).Message, StringComparison.Ordinal);
        Assert.Equal(RunState.Stopped, Assert.IsType<RunResult>(trainer.Read()).State);
        Assert.Null(trainer.Read());
        Assert.Equal(RunState.Stopped, RunInfo.TryLoad(folder)!.State);
        Assert.False(File.Exists(folder.StopRequestPath));
    }

    [Fact]
    public void AnErrorOfTheUsersIsOneEventAndOneLineAndInvalidInput()
    {
        var (exit, output, errors) = Run("finds bad data");
        Assert.Equal(ExitCodes.InvalidInput, exit);
        var error = Assert.IsType<TrainerError>(TrainerEvent.TryParse(output[^1]));
        Assert.Equal(("DatasetEmpty", "InvalidData", "x.jsonl"), (error.ErrorId, error.Kind, error.Target));
        Assert.Equal("error DatasetEmpty: There is nothing in 'x.jsonl'. Put something there.", errors.Trim());
        Assert.Equal((RunState.Failed, "DatasetEmpty"), RunInfo.TryLoad(folder) is { } info ? (info.State, info.Error!.ErrorId) : default);
    }

    [Fact]
    public void ABugIsOneErrorWithItsStackInTheLogOnly()
    {
        var (exit, output, errors) = Run("has a bug");
        Assert.Equal(ExitCodes.Failed, exit);
        var error = Assert.IsType<TrainerError>(TrainerEvent.TryParse(output[^1]));
        Assert.Equal(ErrorIds.TrainerFailed, error.ErrorId);
        Assert.Contains("surprise", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("second line", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors + string.Concat(output), StringComparison.Ordinal);
        Assert.Contains("   at ", File.ReadAllText(folder.LogPath), StringComparison.Ordinal);
    }

    [Fact]
    public void ExhaustedMemoryIsNamed()
    {
        var (exit, output, _) = Run("runs out of memory");
        Assert.Equal(ExitCodes.Failed, exit);
        var error = Assert.IsType<TrainerError>(TrainerEvent.TryParse(output[^1]));
        Assert.Equal(ErrorIds.OutOfMemory, error.ErrorId);
        Assert.Contains("per_device_train_batch_size", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void AnAbortOfLibtorchIsOneErrorWithItsLastWords()
    {
        File.WriteAllText(temporary["behaviour"], "aborts");
        using var trainer = TrainerProcess.StartRun(FakeEngine.Command, folder);
        var error = Assert.Throws<TrainToolsException>(() => trainer.Events().ToList());
        Assert.Equal(ErrorIds.TrainerDied, error.ErrorId);
        Assert.Contains("mat1 and mat2 shapes cannot be multiplied", error.Message, StringComparison.Ordinal);
        Assert.Contains(folder.LogPath, error.Remedy, StringComparison.Ordinal);
        Assert.Equal(RunState.Failed, RunInfo.TryLoad(folder)!.State);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Contains("SIGABRT", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ASecondTrainerIsRefused()
    {
        using var mine = RunLock.Acquire(folder);
        var (exit, output, _) = Run("completes");
        Assert.Equal(ExitCodes.InUse, exit);
        Assert.Equal(ErrorIds.RunInUse, Assert.IsType<TrainerError>(TrainerEvent.TryParse(Assert.Single(output))).ErrorId);
        Assert.Null(RunInfo.TryLoad(folder));
    }

    [Fact]
    public void AMissingConfigIsNamed()
    {
        File.Delete(folder.ConfigPath);
        var (exit, output, _) = Run("completes");
        Assert.Equal(ExitCodes.InvalidInput, exit);
        Assert.Equal(ErrorIds.ConfigFileNotFound, Assert.IsType<TrainerError>(TrainerEvent.TryParse(Assert.Single(output))).ErrorId);
    }

    [Theory]
    [InlineData(ErrorIds.TrainerUsage)]
    [InlineData(ErrorIds.TrainerUsage, "dance")]
    [InlineData(ErrorIds.TrainerUsage, "run")]
    [InlineData(ErrorIds.TrainerUsage, "run", "x", "--resume")]
    [InlineData(ErrorIds.RunFolderNotFound, "run", "no such folder")]
    [InlineData(ErrorIds.ModelFolderNotFound, "generate", "none")]
    public void ACommandLineThatCannotBeUsedIsInvalidInput(string id, params string[] arguments)
    {
        var (exit, output, errors) = Start(arguments);
        Assert.Equal(ExitCodes.InvalidInput, exit);
        Assert.Equal(id, Assert.IsType<TrainerError>(TrainerEvent.TryParse(Assert.Single(output))).ErrorId);
        Assert.Contains($"error {id}: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void EachRequestIsAnsweredOrRefusedByItself()
    {
        var (exit, output, _) = Start(["generate", "model"], "{\"prompt\":\"é\"}\nnonsense\n{}\n{\"prompt\":\"a\",\"max_new_tokens\":-1}\n{\"prompt\":\"z\"}\n");
        Assert.Equal(ExitCodes.InvalidInput, exit);
        Assert.Collection(
            output.Select(TrainerEvent.TryParse),
            e => Assert.Equal("é!", Assert.IsType<GeneratedText>(e).Text),
            e => Assert.Equal((1, ErrorIds.GenerationRequestInvalid), Assert.IsType<TrainerError>(e) is var x ? (x.Index, x.ErrorId) : default),
            e => Assert.Equal(2, Assert.IsType<TrainerError>(e).Index),
            e => Assert.Equal(3, Assert.IsType<TrainerError>(e).Index),
            e => Assert.Equal(4, Assert.IsType<GeneratedText>(e).Index));
    }

    [Fact]
    public void ASignalEndsGenerationThatWaitsForRequests()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var trainer = TrainerProcess.StartGeneration(FakeEngine.Command, "model");
        trainer.Ask(new GenerationRequest { Prompt = "a" });
        Assert.IsType<GeneratedText>(trainer.Read());
        // SIGTERM: a shell that starts the tests in its background has them ignore SIGINT, and their children with them.
        Assert.Equal(0, Kill(trainer.ProcessId, 15));
        Assert.Null(trainer.Read());
    }

    [Fact]
    public void TheBackendIsReported()
    {
        var report = TrainerProcess.QueryBackend(FakeEngine.Command);
        Assert.Null(report.Error);
        Assert.Equal("2.10.0", report.LibTorchVersion);
        Assert.Equal("cpu", report.Devices[0].Device);
        Assert.True(report.Devices[0].MemoryBytes > 0);
        Assert.All(report.Libraries, l => Assert.True(File.Exists(l.Path)));
        Assert.Single(report.Candidates, c => c.Taken);
        Assert.NotEqual("", report.CudaReason);
    }

    [Fact]
    public void ABackendThatDoesNotLoadIsReportedToo()
    {
        var command = FakeEngine.Command with { Environment = new Dictionary<string, string> { ["TRAINTOOLS_LIBTORCH"] = temporary.Path } };
        var report = TrainerProcess.QueryBackend(command);
        Assert.Equal(ErrorIds.BackendNotFound, report.Error!.ErrorId);
        Assert.Contains(temporary.Path, report.Error.Message, StringComparison.Ordinal);
        Assert.Empty(report.Devices);
    }

    private (int ExitCode, string[] Output, string Errors) Run(string behaviour)
    {
        File.WriteAllText(temporary["behaviour"], behaviour);
        return Start(["run", folder.Path]);
    }

    private static (int ExitCode, string[] Output, string Errors) Start(IReadOnlyList<string> arguments, string input = "")
    {
        var command = FakeEngine.Command;
        using var process = Process.Start(new ProcessStartInfo(command.FileName, command.With(arguments))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), errors.Result);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
