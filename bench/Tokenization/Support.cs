using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace TrainTools.Bench.Tokenization;

/// <summary>Times something: the median of seven runs after two that do not count.</summary>
internal static class Measurement
{
    private const int Runs = 7;

    public static void PrintHeader() =>
        Console.WriteLine($"{"",-52} {"tokens",10} {"wall ms",9} {"million/s",10} {"cpu ms",9} {"million/cpu s",14}");

    /// <summary>
    /// Prints one line. Processor time is what counts on a machine that is doing other things as well.
    /// <paramref name="prepare"/> is done before every run and not timed.
    /// </summary>
    public static void Print(string name, Func<int> run, Action? prepare = null)
    {
        for (var i = 0; i < 2; i++)
        {
            prepare?.Invoke();
            run();
        }

        var wall = new List<double>();
        var cpu = new List<double>();
        var tokens = 0;
        for (var i = 0; i < Runs; i++)
        {
            prepare?.Invoke();
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            var clock = Stopwatch.StartNew();
            tokens = run();
            wall.Add(clock.Elapsed.TotalMilliseconds);
            cpu.Add((Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds);
        }

        wall.Sort();
        cpu.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-52} {tokens,10:N0} {wall[Runs / 2],9:0.0} {tokens / wall[Runs / 2] / 1000,10:0.00} {cpu[Runs / 2],9:0.0} {tokens / cpu[Runs / 2] / 1000,14:0.00}"));
    }
}

/// <summary>A copy of a folder of gzipped files, unpacked.</summary>
internal sealed class UnpackedFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("traintools-bench-").FullName;

    public string Unpack(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            var name = Path.GetFileName(file);
            if (name.EndsWith(".gz", StringComparison.Ordinal))
            {
                File.WriteAllText(Path.Combine(_path, name[..^3]), ReadText(file));
            }
            else
            {
                File.Copy(file, Path.Combine(_path, name));
            }
        }

        return _path;
    }

    public static string ReadText(string file)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}

/// <summary>Cuts a text into pieces that tokenize as they do in the whole: each begins with the line feed before a paragraph.</summary>
internal static class Chunks
{
    public static List<string> Cut(string text, int count)
    {
        var chunks = new List<string>();
        var size = (text.Length / count) + 1;
        for (var start = 0; start < text.Length;)
        {
            var end = start + size >= text.Length ? -1 : text.IndexOf(' ', start + size);
            end = end < 0 ? text.Length : end;
            chunks.Add(text[start..end]);
            start = end;
        }

        return chunks;
    }
}

/// <summary>Microsoft.ML.Tokenizers' byte-level tokenizers on the vocabulary of a tokenizer.json.</summary>
internal static class LibraryTokenizers
{
    private const string Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>The library's tokenizers; null where the vocabulary is none of GPT-2's kind.</summary>
    public static List<(string Name, Tokenizer Tokenizer)>? Read(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json")));
        var model = document.RootElement.GetProperty("model");
        if (model.GetProperty("type").GetString() != "BPE" || document.RootElement.GetProperty("pre_tokenizer") is not { ValueKind: JsonValueKind.Object } words
            || words.GetProperty("type").GetString() != "ByteLevel")
        {
            return null;
        }

        var vocabulary = Encoding.UTF8.GetBytes(model.GetProperty("vocab").GetRawText());
        var merges = new StringBuilder("#version: 0.2\n");
        foreach (var rule in model.GetProperty("merges").EnumerateArray())
        {
            merges.Append(rule.ValueKind == JsonValueKind.String ? rule.GetString() : $"{rule[0].GetString()} {rule[1].GetString()}").Append('\n');
        }

        var ranks = new StringBuilder();
        foreach (var entry in model.GetProperty("vocab").EnumerateObject().OrderBy(e => e.Value.GetInt32()).Where(e => e.Name[0] != '<' || e.Name.Length < 6))
        {
            ranks.Append(CultureInfo.InvariantCulture, $"{Convert.ToBase64String(Bytes(entry.Name))} {entry.Value.GetInt32()}\n");
        }

        return
        [
            ("Microsoft.ML.Tokenizers CodeGenTokenizer", CodeGenTokenizer.Create(
                new MemoryStream(vocabulary), new MemoryStream(Encoding.UTF8.GetBytes(merges.ToString())), addPrefixSpace: false, addBeginOfSentence: false, addEndOfSentence: false)),
            ("Microsoft.ML.Tokenizers TiktokenTokenizer", TiktokenTokenizer.Create(
                new MemoryStream(Encoding.UTF8.GetBytes(ranks.ToString())),
                new RegexPreTokenizer(new Regex(Pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant), null),
                null)),
        ];
    }

    private static byte[] Bytes(string token)
    {
        var bytes = new List<byte>();
        foreach (var character in token)
        {
            var value = 0;
            var next = 256;
            for (; value < 256; value++)
            {
                var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
                if ((printable ? value : next++) == character)
                {
                    break;
                }
            }

            bytes.Add((byte)value);
        }

        return [.. bytes];
    }
}
