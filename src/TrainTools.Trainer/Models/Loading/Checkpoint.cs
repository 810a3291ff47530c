using TrainTools.Core.Models;
using TrainTools.Core.Serialization;

namespace TrainTools.Trainer.Models.Loading;

/// <summary>The mapped weight files of a model folder.</summary>
internal sealed class Checkpoint : IDisposable
{
    private readonly List<SafetensorsFile> files = [];

    private Checkpoint(string folder) => Folder = folder;

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The files.</summary>
    public IReadOnlyList<SafetensorsFile> Files => files;

    /// <summary>How messages call the files.</summary>
    public string Description => files.Count == 1 ? $"'{files[0].Path}'" : $"the {files.Count} weight files of '{Folder}'";

    /// <summary>Opens all files. Errors: as <see cref="ModelWeightFiles.Find"/> and <see cref="SafetensorsFile.Open"/>.</summary>
    public static Checkpoint Open(string folder)
    {
        var checkpoint = new Checkpoint(folder);
        try
        {
            foreach (string path in ModelWeightFiles.Find(folder))
            {
                checkpoint.files.Add(SafetensorsFile.Open(path));
            }

            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>A tensor by name, with or without the base model's prefix; null where there is none.</summary>
    public (SafetensorsFile File, SafetensorsEntry Entry)? Find(string name, string basePrefix)
    {
        string? bare = name.StartsWith(basePrefix, StringComparison.Ordinal) ? name[basePrefix.Length..] : null;
        foreach (var file in files)
        {
            if (file.TryGet(name, out var entry) || (bare is not null && file.TryGet(bare, out entry)))
            {
                return (file, entry);
            }
        }

        return null;
    }

    /// <summary>Unmaps the files.</summary>
    public void Dispose() => files.ForEach(f => f.Dispose());
}
