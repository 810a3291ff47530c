using System.Globalization;
using System.IO.Compression;
using TrainTools.Bench.Tokenization;
using TrainTools.Core.Tokenization;

// Tokens a second of a byte-level tokenizer, beside Microsoft.ML.Tokenizers on the same vocabulary and text.
//
//   dotnet run -c Release --project bench/Tokenization [-- TOKENIZER_FOLDER [TEXT_FILE]]
//
// Without arguments: GPT-2's vocabulary on tinyshakespeare (public domain; packed as in github.com/karpathy/char-rnn, MIT).
var root = new DirectoryInfo(AppContext.BaseDirectory);
while (root is not null && !File.Exists(Path.Combine(root.FullName, "TrainTools.sln")))
{
    root = root.Parent;
}

using var unpacked = new UnpackedFolder();
var folder = args.Length > 0 ? args[0] : unpacked.Unpack(Path.Combine(root!.FullName, "tests/TrainTools.Core.Tests/Data/Tokenizers/gpt2"));
var text = args.Length > 1 ? File.ReadAllText(args[1]) : UnpackedFolder.ReadText(Path.Combine(root!.FullName, "bench/Tokenization/tinyshakespeare.txt.gz"));
var tokenizer = PretrainedTokenizer.Load(folder);
var chunks = Chunks.Cut(text, 200);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"{text.Length:N0} characters, {chunks.Count} chunks, {Environment.ProcessorCount} processors, .NET {Environment.Version}"));
var expected = tokenizer.Encode(text, addSpecialTokens: false);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{expected.Length:N0} tokens with the tokenizer of {folder}"));
var fresh = tokenizer;
Measurement.PrintHeader();
Measurement.Print("ours, ids, one thread", () => tokenizer.Encode(text, addSpecialTokens: false).Length);
Measurement.Print("ours, ids, one thread, no word seen before", () => fresh.Encode(text, addSpecialTokens: false).Length, () => fresh = PretrainedTokenizer.Load(folder));
Measurement.Print("ours, ids, all processors", () => tokenizer.EncodeAll(chunks, addSpecialTokens: false).Sum(ids => ids.Length));
Measurement.Print("ours, ids and offsets, one thread", () => tokenizer.EncodeAligned(text, addSpecialTokens: false).Ids.Length);
if (LibraryTokenizers.Read(folder) is { } libraries)
{
    foreach (var (name, library) in libraries)
    {
        var other = library.EncodeToIds(text).Zip(expected).Count(pair => pair.First != pair.Second);
        Measurement.Print(name + ", one thread", () => library.EncodeToIds(text).Count);
        Measurement.Print(name + ", all processors", () =>
        {
            var counts = new int[chunks.Count];
            Parallel.For(0, counts.Length, i => counts[i] = library.EncodeToIds(chunks[i]).Count);
            return counts.Sum();
        });
        if (other > 0)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  ({other:N0} of its ids differ from ours)"));
        }
    }
}
