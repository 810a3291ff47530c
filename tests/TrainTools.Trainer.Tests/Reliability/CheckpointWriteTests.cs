using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Tests.Training;
using TrainTools.Trainer.Training;

namespace TrainTools.Trainer.Tests.Reliability;

/// <summary>Saving beside training.</summary>
public sealed class CheckpointWriteTests : IDisposable
{
    private readonly TemporaryFolder temporary = new();
    private readonly PretrainedModel model;
    private readonly FullWeights weights;
    private readonly AdamW optimizer;
    private readonly RunFolder folder;

    public CheckpointWriteTests()
    {
        model = PretrainedModelLoader.LoadCausal(TinyModel.Write(temporary["model"]));
        weights = new FullWeights(model);
        optimizer = new AdamW(weights.Groups(0.01));
        folder = new RunFolder(temporary["run"]);
        Directory.CreateDirectory(folder.CheckpointsPath);
    }

    public void Dispose()
    {
        optimizer.Dispose();
        model.Dispose();
        temporary.Dispose();
    }

    [Fact]
    public void What_changes_while_a_checkpoint_is_written_is_not_in_it()
    {
        using var store = new CheckpointStore(folder, new TrainingConfig());
        using var gate = new ManualResetEventSlim();
        var before = model.Parameters.ToDictionary(p => p.Key, p => p.Value.detach().clone());
        store.Begin(weights, optimizer, State(1), gate.Wait, null);
        Assert.Empty(store.Poll());
        Assert.Empty(RunCheckpoint.Find(folder));
        using (torch.no_grad())
        {
            foreach (var parameter in model.Parameters.Values)
            {
                parameter.add_(1);
            }

            foreach (var moment in optimizer.State)
            {
                moment.Value.add_(1);
            }
        }

        gate.Set();
        var saved = Assert.Single(store.Finish());
        Assert.True(saved.HeldSeconds < saved.WriteSeconds);
        Assert.Null(CheckpointManifest.FindDamage(saved.Path));

        weights.Restore(saved.Path);
        Assert.All(model.Parameters, p => Assert.True(p.Value.equal(before[p.Key]).all().item<bool>(), p.Key));
        CheckpointSnapshot.RestoreOptimizer(saved.Path, optimizer);
        Assert.All(optimizer.State, s => Assert.Equal(0, s.Value.abs().max().ToDouble()));
    }

    [Fact]
    public void One_save_at_a_time_and_a_failed_one_is_told_to_the_next()
    {
        using var store = new CheckpointStore(folder, new TrainingConfig());
        store.Begin(weights, optimizer, State(1), () => { }, null);
        store.Begin(weights, optimizer, State(2), () => throw new IOException("no more", 28), null);
        Assert.Equal(1, Assert.Single(RunCheckpoint.Find(folder)).Step);
        Assert.Throws<IOException>(() => store.Begin(weights, optimizer, State(3), () => { }, null));
        Assert.Equal(1, Assert.Single(RunCheckpoint.Find(folder)).Step);
        Assert.DoesNotContain(Directory.EnumerateDirectories(folder.CheckpointsPath), d => d.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void The_limit_keeps_the_newest_and_the_best_and_counts_beyond_a_million()
    {
        using var store = new CheckpointStore(folder, new TrainingConfig { Checkpoints = new CheckpointConfig { SaveTotalLimit = 2 } });
        foreach (var step in (int[])[1, 2, 999_999, 1_000_000])
        {
            store.Begin(weights, optimizer, State(step), () => { }, 1);
        }

        store.Finish();
        Assert.Equal([1, 1_000_000], RunCheckpoint.Find(folder).Select(c => c.Step));
    }

    [Fact]
    public void A_checkpoint_for_which_there_is_no_room_is_refused_before_it_is_begun()
    {
        var error = Assert.Throws<TrainToolsException>(() => Core.Files.DiskSpace.Ensure(folder.Path, long.MaxValue / 2, "the checkpoint of step 7", "The checkpoint of step 5 is whole."));
        Assert.Equal(ErrorIds.DiskFull, error.ErrorId);
        Assert.Contains("step 5 is whole", error.Message, StringComparison.Ordinal);
    }

    private static CheckpointState State(int step) => new()
    {
        Step = step, Epoch = 0, Seed = 1, Rows = 1, BatchSize = 1, Accumulation = 1, LossSum = 0, Tokens = 0, Evaluation = new(null, null, 0), Metrics = [],
    };
}
