using System.Text;

using Parquet.Schema;
using Parquet.Serialization;

using TrainTools.Core.Data;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Datasets;

public sealed class DatasetReaderFormatTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static List<TrainingRecord> Read(string path, DatasetReaderOptions? options = null) =>
        [.. new DatasetReader(options ?? new() { Strict = true }).Read(path)];

    [Theory]
    [InlineData("{\"text\": \"a\"}\n{\"text\": \"b\"}\n")]
    [InlineData("\ufeff{\"text\": \"a\"}\r\n\r\n{\"text\": \"b\"}")]
    [InlineData("[{\"text\": \"a\"}, {\"text\": \"b\"}]")]
    [InlineData("  [\n  {\n    \"text\": \"a\"\n  },\n  {\"text\": \"b\"}\n]\n")]
    [InlineData("{\n  \"text\": \"a\"\n}\n{\n  \"text\": \"b\"\n}\n")]
    [InlineData("text\na\nb\n", "x.csv")]
    [InlineData("text,id\na,1\nb,2\n")]
    [InlineData("text;id\r\n\"a\";1\r\nb;2")]
    [InlineData("text\tid\na\t1\nb\t2\n")]
    [InlineData("a\n\nb\n")]
    public void The_same_two_texts_from_every_layout(string content, string name = "file")
    {
        var records = Read(_folder.Write(name, content));
        Assert.Equal(["a", "b"], records.Select(r => r.Text));
        Assert.Equal([0, 1], records.Select(r => r.Index));
        Assert.Equal(["a", "b"], Read(_folder.WriteGzip(name, content)).Select(r => r.Text));
        using var zstd = new ZstdSharp.Compressor();
        Assert.Equal(["a", "b"], Read(_folder.Write(name, zstd.Wrap(Encoding.UTF8.GetBytes(content)).ToArray())).Select(r => r.Text));
        Assert.Equal(["a", "b"], Read(_folder.Write(name, [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(content.TrimStart('\ufeff'))])).Select(r => r.Text));
    }

    [Fact]
    public void Lines_are_those_where_records_begin()
    {
        Assert.Equal([2, 4], Read(_folder.Write("a", "\n{\"text\": \"a\"}\n\n{\"text\": \"b\"}")).Select(r => r.SourceLine));
        Assert.Equal([2, 5], Read(_folder.Write("a", "[\n{\"text\":\n \"a\"},\n\n{\"text\": \"b\"}]")).Select(r => r.SourceLine));
        Assert.Equal([2, 5], Read(_folder.Write("a.csv", "text,x\n\"a\nb\",1\n\nc,2\n")).Select(r => r.SourceLine));
    }

    [Fact]
    public void Csv_quotes_hold_delimiters_quotes_and_line_breaks()
    {
        var records = Read(_folder.Write("a.csv", "text,category\n\"a, \"\"b\"\"\r\nc\",x\r\nplain \"q\",y\n"));
        Assert.Equal([("a, \"b\"\r\nc", "x"), ("plain \"q\"", "y")], records.Select(r => (r.Text!, r.Label!)));
    }

    [Fact]
    public void Tab_separated_quotes_are_literal_unless_a_writer_had_to_add_them()
    {
        var records = Read(_folder.Write("a.tsv", "ham\t\"hello\" he said\nham\t\"all of it\"\nspam\t\"he said \"\"hi\"\"\"\nham\tx\n"));
        Assert.Equal(["\"hello\" he said", "\"all of it\"", "he said \"hi\"", "x"], records.Select(r => r.Text));
        Assert.Equal(["ham", "ham", "spam", "ham"], records.Select(r => r.Label));
    }

    [Fact]
    public void Json_inside_csv_cells_is_read_as_json()
    {
        var record = Assert.Single(Read(_folder.Write("a.csv", "id,messages\n1,\"[{\"\"role\"\": \"\"user\"\", \"\"content\"\": \"\"x\"\"}]\"\n")));
        Assert.Equal("x", record.Messages![0].Content);
    }

    [Fact]
    public void Columns_without_a_header_are_named_by_the_caller()
    {
        var record = Assert.Single(Read(_folder.Write("a.csv", "1,hello there,yes\n"), new() { ColumnNames = ["id", "text", "label"], Strict = true }));
        Assert.Equal(("hello there", "yes"), (record.Text, record.Label));
    }

    [Fact]
    public void Conll_sentences()
    {
        var records = Read(_folder.Write("a", "-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\nrejects VBZ I-VP O\n \nPeter NNP I-NP B-PER\n"));
        Assert.Equal([2, 1], records.Select(r => r.Tokens!.Count));
        Assert.Equal(["B-ORG", "O"], records[0].Tags!);
        Assert.Equal([3, 6], records.Select(r => r.SourceLine));
        records = Read(_folder.Write("b", "New\tB-location\nYork\tI-location\n\t\n#\tO\nyes\tO\n"));
        Assert.Equal(["#", "yes"], records[1].Tokens!);
    }

    [Fact]
    public void Text_by_line_paragraph_and_document()
    {
        var path = _folder.Write("a.txt", "a, b\nc\n\n\n{d\n");
        Assert.Equal(["a, b", "c", "{d"], Read(path).Select(r => r.Text));
        Assert.Equal(["a, b\nc", "{d"], Read(path, new() { TextUnit = TextUnit.Paragraph }).Select(r => r.Text));
        Assert.Equal(["a, b\nc\n\n\n{d"], Read(path, new() { TextUnit = TextUnit.Document }).Select(r => r.Text));
    }

    [Fact]
    public async Task Parquet_with_nested_messages_also_compressed()
    {
        var schema = new ParquetSchema(
            new DataField<long>("id"),
            new ListField("messages", new StructField("element", new DataField<string>("role"), new DataField<string>("content"))));
        var rows = Enumerable.Range(0, 5).Select(i => (IDictionary<string, object?>)new Dictionary<string, object?>
        {
            ["id"] = (long)i,
            ["messages"] = new List<IDictionary<string, object?>>
            {
                new Dictionary<string, object?> { ["role"] = "user", ["content"] = $"q{i}" },
                new Dictionary<string, object?> { ["role"] = "assistant", ["content"] = $"a{i}" },
            },
        }).ToList();
        using var bytes = new MemoryStream();
        await ParquetSerializer.SerializeUntypedAsync(rows!, schema, bytes);

        foreach (var path in new[] { _folder.Write("a", bytes.ToArray()), _folder.Write("b", TempFolder.Gzip(bytes.ToArray())) })
        {
            var records = Read(path);
            Assert.Equal(["a0", "a1", "a2", "a3", "a4"], records.Select(r => r.Messages![1].Content));
            Assert.Equal([1, 2, 3, 4, 5], records.Select(r => r.SourceLine));
            Assert.Equal(4, (int?)records[4].Extra!["id"]);
        }
    }

    [Fact]
    public void A_missing_file_a_folder_and_an_empty_file_are_told_apart()
    {
        var error = Assert.Throws<TrainToolsException>(() => Read(_folder.File("none.jsonl")));
        Assert.Equal((ErrorIds.DatasetNotFound, ErrorKind.NotFound), (error.ErrorId, error.Kind));
        error = Assert.Throws<TrainToolsException>(() => Read(_folder.Root));
        Assert.Equal(ErrorIds.DatasetNotFound, error.ErrorId);
        Assert.Contains("folder", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<TrainToolsException>(() => Read(_folder.Write("e.jsonl", "\n\n")));
        Assert.Equal(ErrorIds.DatasetEmpty, error.ErrorId);
        error = Assert.Throws<TrainToolsException>(() => Read(_folder.Write("e.jsonl", "{\n{"), new()));
        Assert.Equal(ErrorIds.DatasetEmpty, error.ErrorId);
        Assert.Contains("all 2 lines are bad", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Binary_files_are_refused()
    {
        var error = Assert.Throws<TrainToolsException>(() => Read(_folder.Write("a.bin", new byte[1000])));
        Assert.Equal(ErrorIds.DatasetFormatUnknown, error.ErrorId);
    }
}
