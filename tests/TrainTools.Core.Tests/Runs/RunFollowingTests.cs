using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Runs;

/// <summary>A run seen from outside: following it, its heartbeat, its outcomes, its log.</summary>
public sealed class RunFollowingTests : IDisposable
{
    private readonly RunFolder folder = new(Directory.CreateTempSubdirectory("traintools-test-").FullName);

    public void Dispose() => Directory.Delete(folder.Path, recursive: true);

    [Fact]
    public void A_follower_gives_each_thing_once_and_what_a_resumed_run_does_again_again()
    {
        var follower = new RunFollower(folder);
        Assert.Empty(follower.Poll());
        Log(0, 1, 2);
        Assert.Equal([1, 2], Steps(follower));
        Assert.Empty(follower.Poll());
        File.AppendAllText(folder.MetricsPath, "{\"step\":3,\"loss\":1,\"grad");
        Assert.Empty(follower.Poll());
        File.AppendAllText(folder.MetricsPath, "_norm\":1}\n");
        Assert.Equal([3], Steps(follower));

        Log(1, 2, 3, 4); // resumed after step 1
        Assert.Equal([4], Steps(follower));
        Log(2, 3);
        Assert.Empty(Steps(follower)); // rewritten shorter: nothing that is new
        Log(3, 4, 5);
        Assert.Equal([4, 5], Steps(follower));

        Directory.CreateDirectory(folder.CheckpointPath(5));
        DiagnosisLog.Append(folder.DiagnosesPath, new DiagnosisUpdate(DiagnosisChange.Raised, Diagnosis(5)));
        Assert.Collection(
            follower.Poll(),
            e => Assert.Equal("LossSpike", Assert.IsType<DiagnosisRaised>(e).Diagnosis.Symptom),
            e => Assert.Equal(5, Assert.IsType<CheckpointSaved>(e).Step));
        Assert.Empty(follower.Poll());
    }

    [Fact]
    public void A_resumed_run_forgets_what_was_diagnosed_later()
    {
        foreach (var step in (int[])[3, 8])
        {
            DiagnosisLog.Append(folder.DiagnosesPath, new DiagnosisUpdate(DiagnosisChange.Raised, Diagnosis(step)));
        }

        File.AppendAllText(folder.DiagnosesPath, "{\"id\":");
        DiagnosisLog.KeepUntil(folder.DiagnosesPath, 5);
        Assert.Equal([3], DiagnosisLog.Read(folder.DiagnosesPath).Select(d => d.RaisedAtStep));
        Assert.Single(File.ReadAllLines(folder.DiagnosesPath));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-60, true)]
    [InlineData(60, true)] // the other clock is ahead
    [InlineData(-86400, false)]
    [InlineData(86400, false)] // the clock was put back a day
    public void Of_a_trainer_on_another_machine_the_heartbeat_decides(int seconds, bool alive)
    {
        new RunInfo { State = RunState.Running, Host = "elsewhere" }.Save(folder);
        File.WriteAllText(folder.LockPath, "");
        File.SetLastWriteTimeUtc(folder.LockPath, DateTime.UtcNow.AddSeconds(seconds));
        Assert.Equal(alive ? RunState.Running : RunState.Failed, RunInfo.TryLoad(folder)!.ActualState(folder));
    }

    [Fact]
    public async Task A_lock_whose_owner_on_another_machine_still_beats_is_not_taken()
    {
        new RunInfo { State = RunState.Running, Host = "elsewhere", ProcessId = 4 }.Save(folder);
        File.WriteAllText(folder.LockPath, "");
        using var stop = new CancellationTokenSource();
        var other = Task.Run(() =>
        {
            for (var beat = 0; !stop.IsCancellationRequested; beat++)
            {
                File.SetLastWriteTimeUtc(folder.LockPath, DateTime.UtcNow.AddMilliseconds(beat));
                Thread.Sleep(50);
            }
        });
        await Task.Delay(100);
        var error = Assert.Throws<TrainToolsException>(() => RunLock.Acquire(folder));
        await stop.CancelAsync();
        await other;
        Assert.Equal(ErrorIds.RunInUse, error.ErrorId);
        Assert.Contains("on elsewhere", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_beat_is_the_time_of_the_lock()
    {
        using var mine = RunLock.Acquire(folder);
        File.SetLastWriteTimeUtc(folder.LockPath, DateTime.UtcNow.AddHours(-1));
        Assert.False(RunHeartbeat.IsFresh(folder));
        mine.Beat();
        Assert.True(RunHeartbeat.IsFresh(folder));
    }

    [Fact]
    public void Outcomes_are_lines_and_come_back()
    {
        var info = new RunInfo { State = RunState.Stopped, StopReason = "the signal SIGTERM was received", Result = new RunResult { State = RunState.Stopped, Steps = 7, FinalLoss = double.NaN } };
        Directory.CreateDirectory(folder.CheckpointPath(7));
        RunOutcome.From(folder, info, ExitCodes.Stopped).Append(folder.OutcomesPath);
        RunOutcome.From(folder, info with { State = RunState.Failed, Error = new TrainerError { ErrorId = "DiskFull", Kind = "ResourceUnavailable", Message = "The disk is full." } }, 1).Append(folder.OutcomesPath);
        File.AppendAllText(folder.OutcomesPath, "{\"cut off");
        var outcomes = RunOutcome.Read(folder.OutcomesPath);
        Assert.Equal([(3, (int?)7, "the signal SIGTERM was received"), (1, 7, "The disk is full.")], outcomes.Select(o => (o.ExitCode!.Value, o.Steps, o.Reason!)));
        Assert.Equal(folder.CheckpointPath(7), outcomes[0].CheckpointPath);
        Assert.Equal("stopped", System.Text.Json.Nodes.JsonNode.Parse(File.ReadLines(folder.OutcomesPath).First())!["state"]!.GetValue<string>());
    }

    [Fact]
    public void A_large_log_is_put_aside_and_three_are_kept()
    {
        for (var generation = 0; generation < 6; generation++)
        {
            File.WriteAllText(folder.LogPath, $"generation {generation}");
            Assert.True(LogRotation.Rotate(folder.LogPath, maxBytes: 5));
        }

        Assert.False(LogRotation.Rotate(folder.LogPath, maxBytes: 5));
        Assert.Equal(
            ["generation 5", "generation 4", "generation 3"], LogRotation.Files(folder.LogPath).Skip(1).Select(File.ReadAllText));
        Assert.Equal(3, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public void A_full_disk_is_known_by_what_the_system_says()
    {
        if (!File.Exists("/dev/full"))
        {
            return;
        }

        var error = Assert.ThrowsAny<IOException>(() =>
        {
            using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1);
            full.WriteByte(1);
            full.Flush();
        });
        Assert.True(DiskSpace.RanOut(error));
        Assert.True(DiskSpace.RanOut(new InvalidOperationException("x", error)));
        Assert.False(DiskSpace.RanOut(new FileNotFoundException()));
    }

    [Theory]
    [InlineData("90", "00:01:30")]
    [InlineData("0.5", "00:00:00.5000000")]
    [InlineData("08:00:00", "08:00:00")]
    [InlineData("1.06:00:00", "1.06:00:00")]
    [InlineData("-5", null)]
    [InlineData("0", null)]
    [InlineData("soon", null)]
    public void Durations_are_seconds_or_times(string text, string? expected) => Assert.Equal(expected, RunRequest.Duration(text)?.ToString("c"));

    [Fact]
    public void A_time_of_day_is_the_next_one()
    {
        var now = new DateTimeOffset(2026, 1, 31, 22, 0, 0, TimeSpan.FromHours(1));
        Assert.Equal(new DateTimeOffset(2026, 2, 1, 6, 0, 0, TimeSpan.FromHours(1)), RunRequest.Moment("06:00", now));
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 23, 30, 0, TimeSpan.FromHours(1)), RunRequest.Moment("23:30", now));
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 6, 0, 0, TimeSpan.Zero), RunRequest.Moment("2026-03-01T06:00:00Z", now));
        Assert.Null(RunRequest.Moment("when it rains", now));
    }

    [Fact]
    public void A_request_comes_back_from_its_arguments()
    {
        var request = new RunRequest
        {
            Resume = "step-000005", Force = true, Detach = true, WatchInput = true, MaxDuration = TimeSpan.FromHours(30), StopAt = DateTimeOffset.Now, StopOn = ["Error", "LossSpike"],
        };
        var read = RunRequest.Parse(request.ToArguments());
        Assert.Equal(request with { StopOn = [] }, read with { StopOn = [] });
        Assert.Equal(request.StopOn, read.StopOn);
        Assert.Empty(new RunRequest().ToArguments());
    }

    [Theory]
    [InlineData(ErrorIds.TrainerUsage, "--resume")]
    [InlineData(ErrorIds.TrainerUsage, "--max-duration", "never")]
    [InlineData(ErrorIds.TrainerUsage, "--stop-at", "soon")]
    [InlineData(ErrorIds.TrainerUsage, "--what")]
    [InlineData(ErrorIds.SymptomUnknown, "--stop-on", "Boredom")]
    public void A_request_that_cannot_be_read_is_refused(string id, params string[] arguments) =>
        Assert.Equal(id, Assert.Throws<TrainToolsException>(() => RunRequest.Parse(arguments)).ErrorId);

    private static List<int> Steps(RunFollower follower) => [.. follower.Poll().OfType<TrainingStep>().Select(s => s.Step)];

    private static Diagnosis Diagnosis(int step) => new() { Id = $"LossSpike-{step}", Symptom = "LossSpike", Severity = FindingSeverity.Warning, Summary = "s", RaisedAtStep = step, FirstStep = step, LastStep = step };

    private void Log(int after, params int[] steps)
    {
        using var log = MetricsLog.Open(folder.MetricsPath, after);
        foreach (var step in steps)
        {
            log.Append(new TrainingStep { Step = step, Loss = 1 });
        }
    }
}
