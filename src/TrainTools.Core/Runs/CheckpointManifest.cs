using TrainTools.Core.Files;

namespace TrainTools.Core.Runs;

/// <summary>
/// checksums.sha256 of a checkpoint: a line a file, as `sha256sum` writes and `sha256sum -c` checks them. It is written
/// last, so a folder that has it was complete.
/// </summary>
public static class CheckpointManifest
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "checksums.sha256";

    private const int HashLength = 64;

    /// <summary>Hashes every file of a folder (not of folders in it) and writes the list.</summary>
    public static void Write(string folder)
    {
        var lines = Directory.EnumerateFiles(folder)
            .Select(p => (Path: p, Name: Path.GetFileName(p)))
            .Where(f => f.Name != FileName)
            .OrderBy(f => f.Name, StringComparer.Ordinal)
            .Select(f => $"{FileHash.Sha256(f.Path)}  {f.Name}\n");
        AtomicFile.WriteText(Path.Combine(folder, FileName), string.Concat(lines));
    }

    /// <summary>Whether a folder has the list.</summary>
    public static bool Exists(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>What is wrong with a folder's files, as the rest of "the checkpoint is damaged: …"; null where all are as they were written.</summary>
    public static string? FindDamage(string folder)
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(folder, FileName));
            if (lines.Length == 0)
            {
                return $"{FileName} is empty";
            }

            var listed = new HashSet<string>(StringComparer.Ordinal);
            foreach (var line in lines)
            {
                var name = line.Length > HashLength + 2 ? line[(HashLength + 2)..] : "";
                if (name.Length == 0 || name != Path.GetFileName(name) || line[HashLength] != ' ' || name.Contains('\0', StringComparison.Ordinal))
                {
                    return $"{FileName} holds a line that is no checksum";
                }

                listed.Add(name);
                var path = Path.Combine(folder, name);
                if (!File.Exists(path))
                {
                    return $"{name} is missing";
                }

                if (FileHash.Sha256(path) != line[..HashLength])
                {
                    return $"{name} is not what was written (its checksum differs)";
                }
            }

            // A list that was cut off between two lines says nothing of the rest.
            var left = Directory.EnumerateFiles(folder).Select(Path.GetFileName).OfType<string>()
                .FirstOrDefault(f => !listed.Contains(f) && (f.EndsWith(".safetensors", StringComparison.Ordinal) || f is CheckpointIdentity.StateName or CheckpointIdentity.ConfigName));
            return left is null ? null : $"{FileName} does not list {left}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message.TrimEnd('.');
        }
    }
}
