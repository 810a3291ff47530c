using TrainTools.Core.Data;
using TrainTools.Core.Data.Writing;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Datasets;

public sealed class DatasetWriterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private List<TrainingRecord> RoundTrip(string name, params string[] lines)
    {
        var records = new DatasetReader(new() { Strict = true }).Read(_folder.Write("in.jsonl", string.Join('\n', lines))).ToList();
        using (var writer = new DatasetWriter(_folder.File(name)))
        {
            records.ForEach(writer.Write);
            writer.Complete();
        }

        return [.. new DatasetReader(new() { Strict = true }).Read(_folder.File(name))];
    }

    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("a.json")]
    [InlineData("a.jsonl.gz")]
    [InlineData("a.jsonl.zst")]
    [InlineData("a.parquet")]
    public void Conversations_come_back_as_they_were(string name)
    {
        var back = RoundTrip(
            name,
            """{"messages":[{"role":"user","content":"Hé?\n\"quoted\""},{"role":"assistant","content":"Ça va, <b>ok</b>."}],"id":7}""",
            """{"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"🙂"},{"role":"assistant","content":"Yes."}],"id":8}""");
        Assert.Equal([["Hé?\n\"quoted\"", "Ça va, <b>ok</b>."], ["Be kind.", "🙂", "Yes."]], back.Select(r => r.Messages!.Select(m => m.Content!)));
        Assert.Equal([7, 8], back.Select(r => (int)r.Extra!["id"]!));
    }

    [Theory]
    [InlineData("a.csv")]
    [InlineData("a.tsv")]
    [InlineData("a.csv.gz")]
    [InlineData("a.parquet")]
    public void Labelled_texts_come_back_as_they_were(string name)
    {
        var back = RoundTrip(name, """{"text":"one, \"two\"","label":"x y"}""", """{"text":"three","label":"z"}""");
        Assert.Equal([("one, \"two\"", "x y"), ("three", "z")], back.Select(r => (r.Text!, r.Label!)));
    }

    [Fact]
    public void Tagged_words_come_back_from_conll()
    {
        var back = RoundTrip("a.conll", """{"tokens":["Ann","sings"],"ner_tags":["B-PER","O"]}""");
        Assert.Equal(["Ann", "sings"], back[0].Tokens!);
        Assert.Equal(["B-PER", "O"], back[0].Tags!);
    }

    [Fact]
    public void Until_it_is_complete_nothing_stands_under_its_name_and_an_old_file_stays()
    {
        var path = _folder.Write("a.jsonl", "old");
        var record = new TrainingRecord { Shape = RecordShape.Text, Text = "new" };
        using (var writer = new DatasetWriter(path))
        {
            writer.Write(record);
            Assert.Equal("old", File.ReadAllText(path));
        }

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Root));
    }

    [Theory]
    [InlineData("a.txt")]
    [InlineData("a.conll")]
    public void What_a_layout_cannot_hold_is_refused_and_leaves_no_file(string name)
    {
        using (var writer = new DatasetWriter(_folder.File(name)))
        {
            var error = Assert.Throws<TrainToolsException>(() => writer.Write(new TrainingRecord { Shape = RecordShape.PromptCompletion, Prompt = "a", Completion = "b" }));
            Assert.Equal(ErrorIds.DatasetWriteFailed, error.ErrorId);
        }

        Assert.Empty(Directory.GetFiles(_folder.Root));
    }

    [Fact]
    public void A_folder_that_vanishes_is_one_clear_error()
    {
        var path = Path.Combine(_folder.Root, "sub", "a.jsonl");
        using var writer = new DatasetWriter(path);
        writer.Write(new TrainingRecord { Shape = RecordShape.Text, Text = "x" });
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        Assert.Equal(ErrorIds.DatasetWriteFailed, Assert.Throws<TrainToolsException>(() => writer.Complete()).ErrorId);
    }
}
