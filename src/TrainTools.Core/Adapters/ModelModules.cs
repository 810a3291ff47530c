using TrainTools.Core.Models;
using TrainTools.Core.Serialization;

namespace TrainTools.Core.Adapters;

/// <summary>Names of a model's layers, read from the headers of its weight files: quick, whatever the model's size.</summary>
public static class ModelModules
{
    private const string Weight = ".weight";

    /// <summary>Last names of the matrices in the repeated blocks (q_proj, up_proj), with an example of a whole name: what adapters can be put on.</summary>
    public static IReadOnlyList<(string Name, string Example)> Repeated(string modelFolder) =>
        Distinct(Matrices(modelFolder).Where(IsInBlock), Last);

    /// <summary>Whole names of the matrices outside of blocks (embeddings, head): what is trained and saved in full beside adapters.</summary>
    public static IReadOnlyList<(string Name, string Example)> Outer(string modelFolder) =>
        Distinct(Matrices(modelFolder).Where(n => !IsInBlock(n)), Last);

    private static (string, string)[] Distinct(IEnumerable<string> names, Func<string, string> key) =>
        [.. names.GroupBy(key).Select(g => (g.Key, g.First())).OrderBy(n => n.Key, StringComparer.Ordinal)];

    private static IEnumerable<string> Matrices(string modelFolder) => ModelWeightFiles.Find(modelFolder).SelectMany(file =>
    {
        using var weights = SafetensorsFile.Open(file);
        return weights.Entries.Where(e => e.Shape.Count == 2 && e.Name.EndsWith(Weight, StringComparison.Ordinal)).Select(e => e.Name[..^Weight.Length]).ToList();
    });

    private static bool IsInBlock(string name) => name.Split('.').Any(part => part.Length > 0 && part.All(char.IsAsciiDigit));

    private static string Last(string name) => name[(name.LastIndexOf('.') + 1)..];
}
