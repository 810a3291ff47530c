using System.Text.Json;
using TorchSharp;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;
using TrainTools.Core.Serialization;
using TrainTools.Core.Training;
using TrainTools.Trainer.Models.Loading;

namespace TrainTools.Trainer.Training;

/// <summary>
/// Where a run stands, as state.json keeps it. Order of rows, dropout, noise and learning rate are functions of the seed
/// and the step, so this, the weights and the optimizer's moments are all there is.
/// </summary>
public sealed record CheckpointState
{
    /// <summary>Layout of the file.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Optimizer steps done.</summary>
    public required int Step { get; init; }

    /// <summary>Epochs done.</summary>
    public required double Epoch { get; init; }

    /// <summary>The run's seed.</summary>
    public required long Seed { get; init; }

    /// <summary>Rows an epoch.</summary>
    public required int Rows { get; init; }

    /// <summary>Rows a micro-batch.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Micro-batches a step.</summary>
    public required int Accumulation { get; init; }

    /// <summary>Sum of the steps' losses so far.</summary>
    public required double LossSum { get; init; }

    /// <summary>Loss of the first step.</summary>
    public double? FirstLoss { get; init; }

    /// <summary>Tokens trained on.</summary>
    public required long Tokens { get; init; }

    /// <summary>Best model and patience.</summary>
    public required EvaluationTrackerState Evaluation { get; init; }

    /// <summary>Values of the deciding metric, oldest first (the schedules that follow it are functions of these).</summary>
    public required IReadOnlyList<double> Metrics { get; init; }

    /// <summary>Loss scale of float16; null = none.</summary>
    public double? LossScale { get; init; }

    /// <summary>Steps since the scale last changed.</summary>
    public int LossScaleGoodSteps { get; init; }
}

/// <summary>Checkpoints of a run: weights as Hugging Face files, optimizer.safetensors, state.json, in a folder that appears whole.</summary>
public sealed class CheckpointStore(RunFolder folder)
{
    private const string StateName = "state.json";
    private const string OptimizerName = "optimizer.safetensors";
    private static readonly JsonSerializerOptions Json = new(TrainerEvent.JsonOptions) { WriteIndented = true };

    /// <summary>Saves a checkpoint and returns its folder.</summary>
    public string Save(TrainedWeights weights, AdamW optimizer, CheckpointState state)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(state);
        var path = folder.CheckpointPath(state.Step);
        var writing = path + AtomicFile.TemporarySuffix;
        Delete(writing);
        weights.Save(writing);
        SafetensorsWriter.Write(Path.Combine(writing, OptimizerName), [.. optimizer.State.Select(s => TensorBytes.Item(s.Key, s.Value))]);
        AtomicFile.WriteBytes(Path.Combine(writing, StateName), JsonSerializer.SerializeToUtf8Bytes(state, Json));
        Delete(path);
        Directory.Move(writing, path);
        AtomicFile.FlushFolder(folder.CheckpointsPath);
        return path;
    }

    /// <summary>Reads where a run stood.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.CheckpointInvalid"/>.</exception>
    public static CheckpointState ReadState(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<CheckpointState>(File.ReadAllBytes(Path.Combine(path, StateName)), Json) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(
                ErrorIds.CheckpointInvalid, ErrorKind.InvalidData, $"'{Path.Combine(path, StateName)}' cannot be read: {e.Message}", "Choose another checkpoint of the run.", path, e);
        }
    }

    /// <summary>Copies a checkpoint's moments into an optimizer.</summary>
    public static void RestoreOptimizer(string path, AdamW optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        using var file = SafetensorsFile.Open(Path.Combine(path, OptimizerName));
        using var grad = torch.no_grad();
        foreach (var (name, tensor) in optimizer.State)
        {
            if (!file.TryGet(name, out var entry) || !entry.Shape.SequenceEqual(tensor.shape))
            {
                throw new TrainToolsException(
                    ErrorIds.CheckpointInvalid, ErrorKind.InvalidData, $"'{file.Path}' has no '{name}' of the right shape.", "Choose another checkpoint of the run.", path);
            }

            using var read = TensorBytes.Read(file, entry);
            tensor.copy_(read);
        }
    }

    /// <summary>Removes the oldest checkpoints beyond a limit; the best and the latest stay.</summary>
    public void Rotate(int? limit, int? bestStep)
    {
        if (limit is not { } keep || !Directory.Exists(folder.CheckpointsPath))
        {
            return;
        }

        var paths = Directory.EnumerateDirectories(folder.CheckpointsPath, "step-*")
            .Where(p => !p.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        var exempt = bestStep is { } step ? folder.CheckpointPath(step) : null;
        foreach (var path in paths.Where(p => p != exempt).SkipLast(Math.Max(1, keep - (paths.Contains(exempt!) ? 1 : 0))))
        {
            Delete(path);
        }
    }

    private static void Delete(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
