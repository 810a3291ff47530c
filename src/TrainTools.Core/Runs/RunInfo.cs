using System.Text.Json;
using System.Text.Json.Serialization;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Files;

namespace TrainTools.Core.Runs;

/// <summary>run.json: what is known about a run besides its settings and metrics. Written whole or not at all, so always readable.</summary>
public sealed record RunInfo
{
    /// <summary>State as the trainer last wrote it; see <see cref="ActualState"/>.</summary>
    public required RunState State { get; init; }

    /// <summary>Start of the present (or last) trainer process.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Its end; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Its process id.</summary>
    public int ProcessId { get; init; }

    /// <summary>Machine it runs on.</summary>
    public string Host { get; init; } = "";

    /// <summary>Operating system.</summary>
    public string OperatingSystem { get; init; } = "";

    /// <summary>Device of the run ("cpu", "cuda:0"); null until it is chosen.</summary>
    public string? Device { get; init; }

    /// <summary>Versions by name: train_tools, dotnet, torch_sharp, libtorch.</summary>
    public IReadOnlyDictionary<string, string> Versions { get; init; } = new Dictionary<string, string>();

    /// <summary>SHA-256 by what was hashed: "config", "tokenizer", "model_config", and each data file by its path.</summary>
    public IReadOnlyDictionary<string, string> Hashes { get; init; } = new Dictionary<string, string>();

    /// <summary>Checkpoint this process continued from; null for a fresh start.</summary>
    public string? ResumedFrom { get; init; }

    /// <summary>Optimizer steps of the whole run; null until they are known.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>
    /// What the trainer knew of the run when it began (rows, parameters, classes, entropy of the targets), without the settings:
    /// with it a log that is read again is judged as the run was while it trained. Null in folders of earlier versions.
    /// </summary>
    public RunFacts? Facts { get; init; }

    /// <summary>Why it was stopped ("the file 'stop' was put into the run folder"); null where it was not.</summary>
    public string? StopReason { get; init; }

    /// <summary>How the run ended; null until it has.</summary>
    public RunResult? Result { get; init; }

    /// <summary>Why it failed; null if it did not.</summary>
    public TrainerError? Error { get; init; }

    /// <summary>Fields of newer versions, kept as they are.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; init; }

    private static JsonSerializerOptions Options { get; } = new(TrainerEvent.JsonOptions) { WriteIndented = true };

    /// <summary>Reads run.json; null where there is none or it is not readable as one.</summary>
    public static RunInfo? TryLoad(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        try
        {
            return JsonSerializer.Deserialize<RunInfo>(File.ReadAllBytes(folder.RunInfoPath), Options);
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes run.json.</summary>
    public void Save(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        AtomicFile.WriteBytes(folder.RunInfoPath, JsonSerializer.SerializeToUtf8Bytes(this, Options));
    }

    /// <summary>
    /// The state as it is now: a run that says it is running, while no trainer holds its folder, was cut off
    /// (killed, power loss) and counts as <see cref="RunState.Failed"/>. Of a trainer on another machine, whose lock may not
    /// be seen from here, the heartbeat decides.
    /// </summary>
    public RunState ActualState(RunFolder folder) =>
        State == RunState.Running && !RunLock.IsHeld(folder) && !(Host != Environment.MachineName && RunHeartbeat.IsFresh(folder)) ? RunState.Failed : State;
}
