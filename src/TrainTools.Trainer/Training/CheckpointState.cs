using System.Text.Json;
using System.Text.Json.Nodes;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Core.Training;

namespace TrainTools.Trainer.Training;

/// <summary>
/// Where a run stands, as state.json keeps it. Order of rows, dropout, noise and learning rate are functions of the seed
/// and the step, so this, the weights and the optimizer's moments are all there is.
/// </summary>
public sealed record CheckpointState
{
    /// <summary>The layout that is written.</summary>
    public const int CurrentVersion = 2;

    private static readonly JsonSerializerOptions Json = new(TrainerEvent.JsonOptions) { WriteIndented = true };

    /// <summary>What turns an older layout into the next one, by the version it is for.</summary>
    private static readonly Dictionary<int, Action<JsonObject>> Patches = new()
    {
        // Layout 1 did not keep what had been logged of an unfinished interval, nor the time: they begin anew.
        [1] = state =>
        {
            state["interval_loss"] = 0;
            state["interval_steps"] = 0;
            state["train_seconds"] = 0;
        },
    };

    /// <summary>Layout of the file.</summary>
    public int Version { get; init; } = CurrentVersion;

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

    /// <summary>Rows a micro-batch that memory had room for; null = as configured.</summary>
    public int? MicroBatch { get; init; }

    /// <summary>Rows a batch of the evaluation; null = as configured.</summary>
    public int? EvaluationBatch { get; init; }

    /// <summary>Sum of the steps' losses so far.</summary>
    public required double LossSum { get; init; }

    /// <summary>Loss of the first step.</summary>
    public double? FirstLoss { get; init; }

    /// <summary>Loss of the last step; null where it is not known.</summary>
    public double? LastLoss { get; init; }

    /// <summary>Sum of the losses since the last logged line.</summary>
    public double IntervalLoss { get; init; }

    /// <summary>Steps since the last logged line.</summary>
    public int IntervalSteps { get; init; }

    /// <summary>Tokens trained on.</summary>
    public required long Tokens { get; init; }

    /// <summary>Seconds of training so far.</summary>
    public double TrainSeconds { get; init; }

    /// <summary>Best model and patience.</summary>
    public required EvaluationTrackerState Evaluation { get; init; }

    /// <summary>The last evaluation; null = none yet.</summary>
    public IReadOnlyDictionary<string, double>? LastEvaluation { get; init; }

    /// <summary>Values of the deciding metric, oldest first (the schedules that follow it are functions of these).</summary>
    public required IReadOnlyList<double> Metrics { get; init; }

    /// <summary>Loss scale of float16; null = none.</summary>
    public double? LossScale { get; init; }

    /// <summary>Steps since the scale last changed.</summary>
    public int LossScaleGoodSteps { get; init; }

    /// <summary>SHA-256 of what the run read, by <see cref="RunHashes"/>.</summary>
    public IReadOnlyDictionary<string, string>? Hashes { get; init; }

    /// <summary>Versions of what computed.</summary>
    public IReadOnlyDictionary<string, string>? Versions { get; init; }

    /// <summary>Reads the state of a checkpoint of any layout so far.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.CheckpointInvalid"/>.</exception>
    public static CheckpointState Read(string folder)
    {
        try
        {
            var json = JsonNode.Parse(File.ReadAllBytes(Path.Combine(folder, CheckpointIdentity.StateName))) as JsonObject ?? throw new JsonException("it is no object");
            for (var version = json["version"]?.GetValue<int>() ?? 1; version != CurrentVersion; version++)
            {
                if (!Patches.TryGetValue(version, out var patch))
                {
                    throw new TrainToolsException(
                        ErrorIds.CheckpointInvalid, ErrorKind.NotSupported, $"The checkpoint '{folder}' has layout {version}; this version of TrainTools reads up to {CurrentVersion}.",
                        "Resume with the version that wrote it, or a newer one.", folder);
                }

                patch(json);
                json["version"] = version + 1;
            }

            return json.Deserialize<CheckpointState>(Json) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is IOException or JsonException or InvalidOperationException or FormatException or UnauthorizedAccessException)
        {
            throw CheckpointIdentity.Damaged(folder, $"{CheckpointIdentity.StateName} cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    /// <summary>The file's content.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);
}
