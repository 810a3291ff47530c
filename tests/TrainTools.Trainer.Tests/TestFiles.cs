using System.Text.Json;

namespace TrainTools.Trainer.Tests;

/// <summary>Files under Data, beside the test assembly.</summary>
internal static class TestFiles
{
    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "Data");

    public static string Model(string name) => Path.Combine(Root, "models", name);

    public static JsonElement Json(params string[] parts)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine([Root, .. parts])));
        return document.RootElement.Clone();
    }
}
