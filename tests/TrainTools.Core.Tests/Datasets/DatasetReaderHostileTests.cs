using System.Text;

using TrainTools.Core.Data;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Datasets;

/// <summary>Files that are damaged or made to hurt: the bad place is named and the rest is read.</summary>
public sealed class DatasetReaderHostileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static (List<string?> Texts, List<(long Line, string Reason)> Problems) Read(string path, DatasetReaderOptions? options = null)
    {
        var problems = new List<(long, string)>();
        var reader = new DatasetReader((options ?? new()) with { OnProblem = p => problems.Add((p.Line, p.Reason)) });
        return ([.. reader.Read(path).Select(r => r.Text)], problems);
    }

    private static byte[] Lines(params object[] lines) =>
        [.. lines.SelectMany(l => (l is byte[] bytes ? bytes : Encoding.UTF8.GetBytes((string)l)).Append((byte)'\n'))];

    public static TheoryData<byte[], string> BadLines => new()
    {
        { "{\"text\": \"x\"}}"u8.ToArray(), "not valid JSON at byte 14" },
        { "{\"text\": \"x"u8.ToArray(), "not valid JSON" },
        { "{\"text\": \"\xff\"}"u8.ToArray()[..10].Concat(new byte[] { 0xff, (byte)'"', (byte)'}' }).ToArray(), "not valid UTF-8 at byte 11" },
        { "{\"text\": \"a\0b\"}"u8.ToArray(), "a NUL byte at byte 12" },
        { "{\"text\": \"a\", \"text\": \"b\"}"u8.ToArray(), "Duplicate property" },
        { Encoding.UTF8.GetBytes("{\"text\": " + new string('[', 100_000) + "}"), "depth" },
        { "{\"text\": 12}"u8.ToArray(), "holds the number 12" },
        { "{\"text\": null}"u8.ToArray(), "no known shape" },
        { "garbage"u8.ToArray(), "not valid JSON" },
    };

    [Theory]
    [MemberData(nameof(BadLines))]
    public void A_bad_line_is_reported_and_the_rest_is_read(byte[] bad, string reason)
    {
        var path = _folder.Write("a.jsonl", Lines("{\"text\": \"first\"}", bad, "{\"text\": \"last\"}"));
        var (texts, problems) = Read(path);
        Assert.Equal(["first", "last"], texts);
        var problem = Assert.Single(problems);
        Assert.Equal(2, problem.Line);
        Assert.Contains(reason, problem.Reason, StringComparison.OrdinalIgnoreCase);

        var error = Assert.Throws<TrainToolsException>(() => new DatasetReader(new() { Strict = true }).Read(path).Count());
        Assert.StartsWith($"{path}(2): ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_value_in_an_array_does_not_reach_the_next()
    {
        var (texts, problems) = Read(_folder.Write("a.json", "[{\"text\": \"a\"},\n{\"text\": bad},\n{\"text\": \"c\"}]"));
        Assert.Equal(["a", "c"], texts);
        Assert.Equal(2, Assert.Single(problems).Line);
    }

    [Theory]
    [InlineData("[{\"text\": \"a\"},\n{\"text\": \"b\"", 2, "ends inside this value")]
    [InlineData("[{\"text\": \"a\"},\n", 2, "ends before the array's closing bracket")]
    [InlineData("[{\"text\": \"a\"}]\n{\"text\": \"b\"}", 2, "after the array's closing bracket")]
    public void A_json_file_that_ends_wrong(string content, long line, string reason)
    {
        var (texts, problems) = Read(_folder.Write("a.json", content));
        Assert.Equal(["a"], texts);
        Assert.Equal(line, Assert.Single(problems).Line);
        Assert.Contains(reason, problems[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_forgotten_quote_in_csv_costs_one_line()
    {
        var (texts, problems) = Read(_folder.Write("a.csv", "text,id\na,1\n\"b,2\nc,3\nd\n\"e\"x,4\nf,5\n"));
        Assert.Equal(["a", "c", "f"], texts);
        Assert.Equal([(3, "text after a closing quote, or a quote that was never closed"), (5, "1 columns where 2 are expected"), (6, "text after a closing quote, or a quote that was never closed")],
            problems.Select(p => ((int)p.Line, p.Reason)));
    }

    [Fact]
    public void A_word_without_a_tag_costs_its_sentence()
    {
        var problems = new List<DatasetProblem>();
        var path = _folder.Write("a.conll", "a\tO\nb\tO\n\nc\tO\nd\ne\tO\n\nf\tB-x\n");
        var records = new DatasetReader(new() { OnProblem = problems.Add }).Read(path).ToList();
        Assert.Equal(["a b", "f"], records.Select(r => string.Join(' ', r.Tokens!)));
        Assert.Equal(5, Assert.Single(problems).Line);
    }

    [Fact]
    public void An_interrupted_gzip_gives_all_whole_records_and_says_so()
    {
        var random = new Random(1);
        var whole = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{{\"text\": \"{i} {random.NextInt64()}\"}}\n"));
        var bytes = TempFolder.Gzip(Encoding.UTF8.GetBytes(whole));
        var (texts, problems) = Read(_folder.Write("a.jsonl.gz", bytes[..(bytes.Length / 2)]));
        Assert.InRange(texts.Count, 5_000, 15_000);
        Assert.Equal(texts.Count + 1, Assert.Single(problems).Line);
        Assert.Contains("damaged or ends early", problems[0].Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(3_000)]
    [InlineData(50_000)]
    public void An_interrupted_gzip_gives_the_records_that_another_decompressor_gives(int cut)
    {
        var random = new Random(2);
        var whole = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"{{\"text\": \"{i} {random.NextInt64()}\"}}\n"));
        var bytes = TempFolder.Gzip(Encoding.UTF8.GetBytes(whole))[..^cut];
        using var other = new System.IO.Compression.DeflateStream(new MemoryStream(bytes[10..]), System.IO.Compression.CompressionMode.Decompress);
        var lines = 0;
        try
        {
            int read;
            while ((read = other.ReadByte()) >= 0)
            {
                lines += read == '\n' ? 1 : 0;
            }
        }
        catch (InvalidDataException)
        {
            // It ends early, as it must.
        }

        var (texts, problems) = Read(_folder.Write("a.jsonl.gz", bytes));
        Assert.Equal(lines, texts.Count);
        Assert.Contains("damaged or ends early", Assert.Single(problems).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interrupted_zstd_gives_all_whole_records_and_says_so()
    {
        var random = new Random(1);
        var whole = string.Concat(Enumerable.Range(0, 50_000).Select(i => $"{{\"text\": \"{i} {random.NextInt64()}\"}}\n"));
        using var zstd = new ZstdSharp.Compressor();
        var bytes = zstd.Wrap(Encoding.UTF8.GetBytes(whole)).ToArray();
        var (texts, problems) = Read(_folder.Write("a.jsonl.zst", bytes[..(bytes.Length / 2)]));
        Assert.InRange(texts.Count, 5_000, 45_000);
        Assert.Contains("damaged or ends early", Assert.Single(problems).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_of_fifty_megabytes_is_read_and_one_beyond_the_limit_is_skipped()
    {
        var path = _folder.File("a.jsonl");
        using (var file = File.Create(path))
        {
            file.Write("{\"text\": \"a\"}\n{\"text\": \""u8);
            var block = new byte[1 << 20];
            Array.Fill(block, (byte)'x');
            for (var i = 0; i < 50; i++)
            {
                file.Write(block);
            }

            file.Write("\"}\n{\"text\": \"b\"}\n"u8);
        }

        var (texts, problems) = Read(path);
        Assert.Equal([1, 50 << 20, 1], texts.Select(t => t!.Length));
        Assert.Empty(problems);

        (texts, problems) = Read(path, new() { MaxLineBytes = 1 << 20 });
        Assert.Equal(["a", "b"], texts);
        Assert.Equal(2, Assert.Single(problems).Line);
        Assert.Contains("more than the limit of 1,048,576", problems[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancelling_ends_reading()
    {
        var path = _folder.Write("a.txt", "a\nb\nc\n");
        using var cancel = new CancellationTokenSource();
        using var records = new DatasetReader().Read(path, cancel.Token).GetEnumerator();
        Assert.True(records.MoveNext());
        cancel.Cancel();
        Assert.Throws<OperationCanceledException>(() => records.MoveNext());
    }
}
