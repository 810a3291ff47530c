using System.Text.Json;
using System.Text.Json.Serialization;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Runs;

/// <summary>What a checkpoint says about the run it belongs to: the part of state.json that a resumed run is compared with.</summary>
public sealed record CheckpointIdentity
{
    /// <summary>Name of the file it is read from.</summary>
    public const string StateName = "state.json";

    /// <summary>Name of the checkpoint's copy of the run's configuration.</summary>
    public const string ConfigName = "run-config.yaml";

    /// <summary>First layout with checksums, configuration and hashes.</summary>
    public const int LayoutWithChecksums = 2;

    /// <summary>Layout of the checkpoint.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Steps done.</summary>
    public required int Step { get; init; }

    /// <summary>SHA-256 of what the run read, as <see cref="RunHashes"/> names it; null in layout 1.</summary>
    public IReadOnlyDictionary<string, string>? Hashes { get; init; }

    /// <summary>Versions of what computed, by name; null in layout 1.</summary>
    public IReadOnlyDictionary<string, string>? Versions { get; init; }

    /// <summary>The configuration it was made with; null in layout 1.</summary>
    [JsonIgnore]
    public TrainingConfig? Config { get; private init; }

    /// <summary>
    /// Reads a checkpoint's identity and checks every file of it against its checksum.
    /// </summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.CheckpointInvalid"/>: it is damaged.</exception>
    public static CheckpointIdentity Verify(string path)
    {
        var identity = Read(path);
        if (identity.Version < LayoutWithChecksums && !CheckpointManifest.Exists(path))
        {
            return identity; // from before there were checksums; its files are read with the usual care
        }

        if (CheckpointManifest.FindDamage(path) is { } damage)
        {
            throw Damaged(path, damage);
        }

        try
        {
            return identity with { Config = ConfigYaml.Read(Path.Combine(path, ConfigName)) };
        }
        catch (TrainToolsException e)
        {
            throw Damaged(path, e.Message, e);
        }
    }

    /// <summary>The error of a checkpoint that cannot be used.</summary>
    public static TrainToolsException Damaged(string path, string why, Exception? inner = null) => new(
        ErrorIds.CheckpointInvalid, ErrorKind.InvalidData, $"The checkpoint '{path}' is damaged: {why}.", "Choose another checkpoint of the run.", path, inner);

    private static CheckpointIdentity Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<CheckpointIdentity>(File.ReadAllBytes(Path.Combine(path, StateName)), TrainerEvent.JsonOptions) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            throw Damaged(path, $"{StateName} cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }
}
