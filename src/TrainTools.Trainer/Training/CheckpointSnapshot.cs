using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples.Labels;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models.Loading;

namespace TrainTools.Trainer.Training;

/// <summary>
/// A checkpoint on its way to the disk: state.json, run-config.yaml, weights with tokenizer and labels, optimizer.safetensors
/// and their checksums, in a folder that appears whole. With copies it can be written while training goes on.
/// </summary>
internal sealed class CheckpointSnapshot : IDisposable
{
    private const string OptimizerName = "optimizer.safetensors";

    private readonly TrainedWeights weights;
    private readonly WeightsSnapshot? copies;
    private readonly List<KeyValuePair<string, torch.Tensor>> moments;
    private readonly CheckpointState state;
    private readonly TrainingConfig config;
    private readonly LabelSet? labels;

    private CheckpointSnapshot(TrainedWeights weights, WeightsSnapshot? copies, List<KeyValuePair<string, torch.Tensor>> moments, CheckpointState state, TrainingConfig config, LabelSet? labels)
    {
        this.weights = weights;
        this.copies = copies;
        this.moments = moments;
        this.state = state;
        this.config = config;
        this.labels = labels;
    }

    /// <summary>Whether it holds copies, so that training may go on.</summary>
    public bool IsCopy => copies is not null;

    /// <summary>Takes the state as it is.</summary>
    /// <param name="weights">What is trained.</param>
    /// <param name="optimizer">Its optimizer.</param>
    /// <param name="state">Where the run stands.</param>
    /// <param name="config">The run's configuration.</param>
    /// <param name="labels">The run's labels; null for language.</param>
    /// <param name="copy">Whether to copy; it is then tried, and given up where memory does not suffice.</param>
    public static CheckpointSnapshot Take(TrainedWeights weights, AdamW optimizer, CheckpointState state, TrainingConfig config, LabelSet? labels, bool copy)
    {
        WeightsSnapshot? copies = null;
        var moments = new List<KeyValuePair<string, torch.Tensor>>();
        try
        {
            copies = copy ? weights.Snapshot() : null;
            if (copies is not null)
            {
                foreach (var (name, tensor) in optimizer.State)
                {
                    moments.Add(new(name, WeightsSnapshot.Copy(tensor)));
                }

                return new CheckpointSnapshot(weights, copies, moments, state, config, labels);
            }
        }
        catch (Exception e) when (MemoryLimit.RanOut(e))
        {
            copies?.Dispose();
            moments.ForEach(m => m.Value.Dispose());
        }

        return new CheckpointSnapshot(weights, null, [.. optimizer.State], state, config, labels);
    }

    /// <summary>Bytes of a checkpoint, within a few kilobytes.</summary>
    public static long Size(TrainedWeights weights, AdamW optimizer) => weights.SavedBytes + optimizer.State.Sum(s => s.Value.numel() * s.Value.ElementSize);

    /// <summary>Writes the checkpoint; it is there when this returns, also after a power cut.</summary>
    /// <returns>Its folder.</returns>
    public string Write(RunFolder folder)
    {
        var path = folder.CheckpointPath(state.Step);
        var writing = path + AtomicFile.TemporarySuffix;
        var old = path + RunCheckpoint.SupersededSuffix;
        Delete(writing);
        try
        {
            Directory.CreateDirectory(writing);
            if (copies is not null)
            {
                copies.Save(writing);
            }
            else
            {
                weights.Save(writing);
            }

            WeightCompanions.Write(writing, config.Model, labels);
            SafetensorsWriter.Write(Path.Combine(writing, OptimizerName), [.. moments.Select(s => TensorBytes.Item(s.Key, s.Value))]);
            AtomicFile.WriteText(Path.Combine(writing, CheckpointIdentity.ConfigName), ConfigYaml.Write(config));
            AtomicFile.WriteBytes(Path.Combine(writing, CheckpointIdentity.StateName), state.ToBytes());
            CheckpointManifest.Write(writing);
            AtomicFile.FlushFolder(writing);
        }
        catch
        {
            TryDelete(writing);
            throw;
        }

        if (Directory.Exists(path))
        {
            // Never a moment without either: the old one gets another name, and goes when the new one is there.
            Delete(old);
            Directory.Move(path, old);
        }

        Directory.Move(writing, path);
        AtomicFile.FlushFolder(folder.CheckpointsPath);
        AtomicFile.FlushFolder(folder.Path);
        return path;
    }

    /// <summary>Copies a checkpoint's moments into an optimizer.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.CheckpointInvalid"/>.</exception>
    public static void RestoreOptimizer(string path, AdamW optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        using var file = SafetensorsFile.Open(Path.Combine(path, OptimizerName));
        using var grad = torch.no_grad();
        foreach (var (name, tensor) in optimizer.State)
        {
            if (!file.TryGet(name, out var entry) || !entry.Shape.SequenceEqual(tensor.shape))
            {
                throw CheckpointIdentity.Damaged(path, $"{OptimizerName} has no '{name}' of the right shape");
            }

            using var read = TensorBytes.Read(file, entry);
            tensor.copy_(read);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (copies is not null)
        {
            copies.Dispose();
            moments.ForEach(m => m.Value.Dispose());
        }
    }

    private static void Delete(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Its name says that it is not finished; the next save of this step removes it.
        }
    }
}
