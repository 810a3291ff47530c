using System.Text.Json;

namespace TrainTools.Parity.Training;

/// <summary>Reads golden files.</summary>
internal static class Golden
{
    public static JsonElement? Read(params string[] parts)
    {
        var path = Path.Combine(parts);
        if (!File.Exists(path))
        {
            return null;
        }

        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    public static double Number(this JsonElement element, string name, double fallback) => element.TryGetProperty(name, out var value) ? value.GetDouble() : fallback;

    public static double? Optional(this JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    public static bool? Flag(this JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetBoolean() : null;

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static T Enum<T>(this JsonElement element, string name, T fallback)
        where T : struct, Enum =>
        element.TryGetProperty(name, out var value) ? System.Enum.Parse<T>(value.GetString()!.Replace("_", "", StringComparison.Ordinal), ignoreCase: true) : fallback;

    public static double[] Doubles(this JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];

    public static int[] Ints(this JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetInt32())];

    public static int[][] Rows(this JsonElement array) => [.. array.EnumerateArray().Select(Ints)];

    public static Comparison Same(string what, IEnumerable<IEnumerable<int>> actual, IEnumerable<IEnumerable<int>> expected)
    {
        var (a, e) = (actual.Select(r => r.ToArray()).ToList(), expected.Select(r => r.ToArray()).ToList());
        var different = Enumerable.Range(0, Math.Max(a.Count, e.Count)).Where(i => i >= a.Count || i >= e.Count || !a[i].AsSpan().SequenceEqual(e[i])).ToList();
        return Comparison.Exact(what, different.Count == 0, different.Count == 0 ? null : $"{a.Count} rows, {e.Count} expected; row {different[0]} differs");
    }
}
