namespace TrainTools.PowerShell.Tests;

/// <summary>The small real model and data of examples/.</summary>
public static class Example
{
    /// <summary>The repository.</summary>
    public static readonly string Root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Shell.Manifest)!, "..", ".."));

    public static string Model { get; } = Path.Combine(Root, "examples", "stories260k");

    public static string Data { get; } = Path.Combine(Root, "examples", "data", "assistant.jsonl");

    /// <summary>A data file with the first records.</summary>
    public static string FewRecords(TemporaryFolder folder, int count) =>
        folder.File($"few-{count}.jsonl", string.Join('\n', File.ReadLines(Data).Take(count)) + "\n");

    /// <summary>A copy of the model folder that may be damaged.</summary>
    public static string ModelCopy(TemporaryFolder folder)
    {
        var copy = Path.Combine(folder.Path, "model");
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.EnumerateFiles(Model))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }
}
