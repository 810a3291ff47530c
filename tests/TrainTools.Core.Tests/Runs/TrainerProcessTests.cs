using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Runs;

public sealed class TrainerProcessTests : IDisposable
{
    private readonly RunFolder folder = new(Directory.CreateTempSubdirectory("traintools-test-").FullName);

    public void Dispose() => Directory.Delete(folder.Path, recursive: true);

    [Fact]
    public void EventsComeInOrderAndNoiseIsPassedOver()
    {
        using var trainer = TrainerProcess.StartRun(FakeTrainer.Command("completes"), folder);
        Assert.Collection(
            trainer.Events(),
            e => Assert.Equal(3, Assert.IsType<RunStarted>(e).MaxSteps),
            e => Assert.Equal(1, Assert.IsType<TrainingStep>(e).Step),
            e => Assert.Equal(0.5, Assert.IsType<TrainingStep>(e).Loss),
            e => Assert.Equal(3, Assert.IsType<TrainingStep>(e).Step),
            e => Assert.Equal(RunState.Completed, Assert.IsType<RunResult>(e).State));
    }

    [Fact]
    public void AReportedErrorIsThrownAsItWas()
    {
        using var trainer = TrainerProcess.StartRun(FakeTrainer.Command("reports an error"), folder);
        var error = Assert.Throws<TrainToolsException>(() => trainer.Events().ToList());
        Assert.Equal(("DatasetEmpty", ErrorKind.InvalidData, "No records in 'a.jsonl'.", "Add some.", "a.jsonl"), (error.ErrorId, error.Kind, error.Message, error.Remedy, error.Target));
    }

    [Fact]
    public void AStopRequestEndsTheRunWithAResult()
    {
        using var trainer = TrainerProcess.StartRun(FakeTrainer.Command("waits for a stop"), folder);
        Assert.IsType<TrainingStep>(trainer.Read());
        trainer.RequestStop();
        trainer.RequestStop();
        Assert.Equal(RunState.Stopped, Assert.IsType<RunResult>(trainer.Read()).State);
        Assert.Null(trainer.Read());
    }

    [Fact]
    public void AKilledTrainerEndsItsEventsQuietly()
    {
        using var trainer = TrainerProcess.StartRun(FakeTrainer.Command("hangs"), folder);
        Assert.IsType<TrainingStep>(trainer.Read());
        trainer.Kill();
        Assert.Null(trainer.Read());
    }

    [Fact]
    public void AWaitCanBeGivenUp()
    {
        using var trainer = TrainerProcess.StartRun(FakeTrainer.Command("hangs"), folder);
        Assert.IsType<TrainingStep>(trainer.Read());
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => trainer.Read(cancellation.Token));
    }

    [Fact]
    public void MuchOutputOnBothStreamsDoesNotBlock()
    {
        using var trainer = TrainerProcess.StartRun(FakeTrainer.Command("says a lot"), folder);
        Assert.Equal(5001, trainer.Events().Count());
    }

    [Fact]
    public void RequestsAreAnsweredOneByOneAndABadOneDoesNotEndTheRest()
    {
        using var trainer = TrainerProcess.StartGeneration(FakeTrainer.Command("answers"), "model");
        trainer.Ask(new GenerationRequest { Prompt = "Tschüß 🙂" });
        Assert.Equal("Tschüß 🙂!", Assert.IsType<GeneratedText>(trainer.Read()).Text);
        trainer.Ask(new GenerationRequest { Prompt = "bad" });
        Assert.Equal((1, "PromptTooLong"), Assert.IsType<TrainerError>(trainer.Read()) is var e ? (e.Index, e.ErrorId) : default);
        trainer.Ask(new GenerationRequest { Prompt = "c" });
        Assert.Equal(2, Assert.IsType<GeneratedText>(trainer.Read()).Index);
        trainer.EndRequests();
        Assert.Null(trainer.Read());
    }

    [Theory]
    [InlineData("ABRT")]
    [InlineData("KILL")]
    [InlineData("SEGV")]
    [InlineData("TERM")]
    public void DeathBySignalIsOneErrorWithCauseLogAndCheckpoint(string signal)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        foreach (var step in (int[])[5, 100, 20])
        {
            Directory.CreateDirectory(folder.CheckpointPath(step));
            File.WriteAllText(Path.Combine(folder.CheckpointPath(step), "state.json"), "{}");
        }

        Directory.CreateDirectory(folder.CheckpointPath(200)); // not complete
        File.WriteAllText(folder.LogPath, "terminate called in an earlier run\n");
        using var trainer = TrainerProcess.StartRun(FakeTrainer.DiesBy(signal), folder);
        var seen = new List<TrainerEvent>();
        var error = Assert.Throws<TrainToolsException>(() => seen.AddRange(Collect(trainer, seen)));

        Assert.Equal(2, seen.Count);
        Assert.Equal(ErrorIds.TrainerDied, error.ErrorId);
        Assert.Contains("SIG" + signal, error.Message, StringComparison.Ordinal);
        Assert.Contains("mat1 and mat2 shapes cannot be multiplied", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("earlier run", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("frame #0", error.Message, StringComparison.Ordinal);
        Assert.Contains(folder.CheckpointPath(100), error.Remedy, StringComparison.Ordinal);
        Assert.Equal(folder.CheckpointPath(100), error.Target);

        var info = RunInfo.TryLoad(folder)!;
        Assert.Equal((RunState.Failed, ErrorIds.TrainerDied), (info.State, info.Error!.ErrorId));
    }

    [Theory]
    [InlineData("leaves without a word", "exit code 7")]
    [InlineData("ends well without a result", "without a result")]
    public void AnEndWithoutAResultIsADeath(string part, string cause)
    {
        using var trainer = TrainerProcess.StartRun(FakeTrainer.Command(part), folder);
        var error = Assert.Throws<TrainToolsException>(() => trainer.Events().ToList());
        Assert.Equal(ErrorIds.TrainerDied, error.ErrorId);
        Assert.Contains(cause, error.Message, StringComparison.Ordinal);
        Assert.Contains("no checkpoint", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void AnOutOfMemoryKillSaysSo()
    {
        var error = TrainerDeath.Explain(137, outOfMemory: true, [], null);
        Assert.Equal(ErrorIds.TrainerDied, error.ErrorId);
        Assert.Equal(ErrorKind.ResourceUnavailable, error.Kind);
        Assert.Contains("memory", error.Message + error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void AProgramThatCannotBeStartedIsNamed()
    {
        var error = Assert.Throws<TrainToolsException>(() => TrainerProcess.StartRun(new TrainerCommand(Path.Combine(folder.Path, "nothing"), []), folder));
        Assert.Equal(ErrorIds.TrainerStartFailed, error.ErrorId);
        Assert.Contains("nothing", error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<TrainerEvent> Collect(TrainerProcess trainer, List<TrainerEvent> seen)
    {
        foreach (var e in trainer.Events())
        {
            seen.Add(e);
        }

        return [];
    }
}
