using System.Text.Json.Nodes;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Runs;

public sealed class RunFolderFilesTests : IDisposable
{
    private readonly RunFolder folder = new(Directory.CreateTempSubdirectory("traintools-test-").FullName);

    public void Dispose() => Directory.Delete(folder.Path, recursive: true);

    [Fact]
    public void MetricsAreLinesUnderTheFieldsNames()
    {
        using (var log = MetricsLog.Open(folder.MetricsPath, 0))
        {
            log.Append(new TrainingStep { Step = 1, Epoch = 0.5, Loss = 2.25, GradNorm = double.NaN, LearningRate = 1e-4 });
            Assert.Single(Lines()); // there before the log is closed
            log.Append(new EvaluationResult { Step = 1, Epoch = 0.5, Metrics = new Dictionary<string, double> { ["eval_loss"] = double.PositiveInfinity } });
            log.Append(new RunResult { State = RunState.Completed, Steps = 1, TrainLoss = 2.25, TrainSeconds = 3 });
        }

        var lines = Lines().Select(l => JsonNode.Parse(l)!.AsObject()).ToArray();
        Assert.Equal((1, 0.5, 2.25, 1e-4), ((int)lines[0]["step"]!, (double)lines[0]["epoch"]!, (double)lines[0]["loss"]!, (double)lines[0]["learning_rate"]!));
        Assert.Equal("NaN", (string)lines[0]["grad_norm"]!);
        Assert.False(lines[0].ContainsKey("event"));
        Assert.Equal(("Infinity", 1), ((string)lines[1]["eval_loss"]!, (int)lines[1]["step"]!));
        Assert.Equal((3, 2.25), ((double)lines[2]["train_runtime"]!, (double)lines[2]["train_loss"]!));
    }

    [Fact]
    public void AResumedLogDropsLaterStepsAndACutOffLine()
    {
        using (var log = MetricsLog.Open(folder.MetricsPath, 0))
        {
            for (var step = 1; step <= 5; step++)
            {
                log.Append(new TrainingStep { Step = step });
            }
        }

        File.AppendAllText(folder.MetricsPath, "{\"step\":6,\"lo");
        using (var log = MetricsLog.Open(folder.MetricsPath, 3))
        {
            log.Append(new TrainingStep { Step = 4 });
        }

        Assert.Equal([1, 2, 3, 4], Lines().Select(l => (int)JsonNode.Parse(l)!["step"]!));
    }

    [Fact]
    public void AReaderMayHaveTheLogOpen()
    {
        using var log = MetricsLog.Open(folder.MetricsPath, 0);
        using var reader = new FileStream(folder.MetricsPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        log.Append(new TrainingStep { Step = 1 });
        Assert.NotEqual(-1, reader.ReadByte());
    }

    [Fact]
    public void RunInfoComesBackWithFieldsItDoesNotKnow()
    {
        var info = new RunInfo
        {
            State = RunState.Stopped,
            Host = "h",
            ProcessId = 7,
            Hashes = new Dictionary<string, string> { ["config"] = "ab" },
            Result = new RunResult { State = RunState.Stopped, Steps = 3, FinalLoss = double.NaN },
        };
        info.Save(folder);
        var json = JsonNode.Parse(File.ReadAllText(folder.RunInfoPath))!.AsObject();
        Assert.Equal("stopped", (string)json["state"]!);
        json["from_the_future"] = 1;
        File.WriteAllText(folder.RunInfoPath, json.ToJsonString());

        var read = RunInfo.TryLoad(folder)!;
        Assert.Equal((RunState.Stopped, "h", 7, 3, double.NaN), (read.State, read.Host, read.ProcessId, read.Result!.Steps, read.Result.FinalLoss!.Value));
        read.Save(folder);
        Assert.Equal(1, (int)JsonNode.Parse(File.ReadAllText(folder.RunInfoPath))!["from_the_future"]!);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"state\":\"dancing\"}")]
    public void ADamagedRunInfoIsNone(string content)
    {
        File.WriteAllText(folder.RunInfoPath, content);
        Assert.Null(RunInfo.TryLoad(folder));
    }

    [Fact]
    public void TheSecondTrainerGetsRunInUseAndAnInterruptedRunCountsAsFailed()
    {
        new RunInfo { State = RunState.Running, ProcessId = 42, Host = Environment.MachineName }.Save(folder);
        using (RunLock.Acquire(folder))
        {
            Assert.True(RunLock.IsHeld(folder));
            Assert.Equal(RunState.Running, RunInfo.TryLoad(folder)!.ActualState(folder));
            var error = Assert.Throws<TrainToolsException>(() => RunLock.Acquire(folder));
            Assert.Equal(ErrorIds.RunInUse, error.ErrorId);
            Assert.Contains($"process 42 on {Environment.MachineName}", error.Message, StringComparison.Ordinal);
        }

        Assert.False(RunLock.IsHeld(folder));
        Assert.Equal(RunState.Failed, RunInfo.TryLoad(folder)!.ActualState(folder));
        RunLock.Acquire(folder).Dispose();
    }

    [Fact]
    public void ALockNeedsItsFolder() => Assert.Equal(
        ErrorIds.RunFolderNotFound, Assert.Throws<TrainToolsException>(() => RunLock.Acquire(new RunFolder(Path.Combine(folder.Path, "none")))).ErrorId);

    [Fact]
    public void AFailedWriteKeepsTheOldFileAndLeavesNothingBehind()
    {
        var path = Path.Combine(folder.Path, "a.json");
        AtomicFile.WriteText(path, "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("ne"u8);
            throw new InvalidOperationException();
        }));
        Assert.Equal("old", File.ReadAllText(path));
        AtomicFile.WriteText(path, "néw");
        Assert.Equal("néw"u8.ToArray(), File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void HashesAreSha256()
    {
        var path = Path.Combine(folder.Path, "abc");
        File.WriteAllText(path, "abc");
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", FileHash.Sha256(path));
    }

    private string[] Lines()
    {
        using var stream = new FileStream(folder.MetricsPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
