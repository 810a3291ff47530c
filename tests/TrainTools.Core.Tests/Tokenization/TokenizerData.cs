using System.IO.Compression;
using System.Text.Json;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Tests.Tokenization;

/// <summary>The tokenizers and golden files under Data/Tokenizers; gzipped ones are unpacked once per test run.</summary>
internal static class TokenizerData
{
    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "Data", "Tokenizers");
    private static readonly Dictionary<string, PretrainedTokenizer> Loaded = [];

    /// <summary>The folder of a tokenizer, with everything in it unpacked.</summary>
    public static string Folder(string name)
    {
        var folder = Path.Combine(Root, name);
        foreach (var packed in Directory.EnumerateFiles(folder, "*.gz"))
        {
            var plain = packed[..^3];
            if (File.Exists(plain) && File.GetLastWriteTimeUtc(plain) >= File.GetLastWriteTimeUtc(packed))
            {
                continue;
            }

            var temporary = plain + "." + Environment.ProcessId;
            using (var source = new GZipStream(File.OpenRead(packed), CompressionMode.Decompress))
            using (var target = File.Create(temporary))
            {
                source.CopyTo(target);
            }

            File.Move(temporary, plain, overwrite: true);
        }

        return folder;
    }

    /// <summary>The tokenizer, loaded once.</summary>
    public static PretrainedTokenizer Load(string name)
    {
        lock (Loaded)
        {
            if (!Loaded.TryGetValue(name, out var tokenizer))
            {
                tokenizer = PretrainedTokenizer.Load(Folder(name));
                Loaded.Add(name, tokenizer);
            }

            return tokenizer;
        }
    }

    /// <summary>A golden file.</summary>
    public static JsonElement Golden(string name, string file) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder(name), file))).RootElement;

    public static int[] Ids(this JsonElement element) => [.. element.EnumerateArray().Select(e => e.GetInt32())];
}
