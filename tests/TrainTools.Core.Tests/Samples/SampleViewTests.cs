using System.Text.Json;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Samples;
using TrainTools.Core.Tests.Tokenization;

namespace TrainTools.Core.Tests.Samples;

/// <summary>What a person is shown of a row is what the row holds.</summary>
public sealed class SampleViewTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("traintools-view-").FullName;

    [Fact]
    public void What_is_learnt_stands_between_marks()
    {
        var row = Assert.Single(Rows(new DataConfig(), "{'prompt': 'Zwei plus zwei?', 'completion': ' Vier.'}"));
        Assert.Equal("Zwei plus zwei? Vier.<|endoftext|>", row.Text.Replace(Tokenizer.EosToken!, "<|endoftext|>", StringComparison.Ordinal));
        Assert.Equal([" Vier." + Tokenizer.EosToken], row.SupervisedText);
        Assert.Equal($"Zwei plus zwei?⟦ Vier.{Tokenizer.EosToken}⟧", row.Render(color: false));
        Assert.Equal($"\u001b[90mZwei plus zwei?\u001b[0m\u001b[32m⟦ Vier.{Tokenizer.EosToken}⟧\u001b[0m", row.Render(color: true));
        Assert.Equal(row.SupervisedTokens, row.Tokens.Count(t => t.IsSupervised));
        Assert.Equal(row.Text, string.Concat(row.Tokens.Select(t => t.Text)));
        Assert.Equal(["data.jsonl(1)"], row.Places);
    }

    [Fact]
    public void Documents_of_a_packed_row_stand_apart_and_their_first_token_is_never_learnt()
    {
        var rows = Rows(
            new DataConfig { Packing = true, MaxLength = 64 },
            "{'text': 'first document'}", "{'text': 'second'}", "{'text': 'third document of this row'}");
        var row = Assert.Single(rows);
        Assert.Equal(3, row.DocumentLengths.Count);
        Assert.Equal(row.Length - 3, row.SupervisedTokens);
        var text = row.Render(color: false);
        Assert.Contains("── document 1 of 3, data.jsonl(3), ", text, StringComparison.Ordinal); // longest first
        Assert.Contains("── document 3 of 3, data.jsonl(2), ", text, StringComparison.Ordinal);
        Assert.Equal([0, 1, 2], row.Tokens.Select(t => t.Document).Distinct());
    }

    [Fact]
    public void Control_characters_of_the_data_do_not_reach_the_terminal()
    {
        var row = Assert.Single(Rows(new DataConfig(), "{'text': 'a\\u001b[2Jb\\u0007\\nc'}"));
        Assert.Contains("a⟦␛[2Jb␇\n", row.Render(color: false), StringComparison.Ordinal);
        Assert.Contains('\u001b', row.Text);
    }

    [Theory]
    [InlineData("llama_like_bpe")]
    [InlineData("unigram")]
    [InlineData("qwen_like_bpe")]
    public void Stretches_and_tokens_add_up_to_the_text_whatever_the_tokenizer(string tokenizer)
    {
        var row = Assert.Single(Rows(new DataConfig(), tokenizer, "{'prompt': 'Grüße: ', 'completion': 'schöne neue Welt, 世界'}"));
        var whole = TokenizerData.Load(tokenizer).Decode(row.Sample.InputIds, skipSpecialTokens: false);
        Assert.Equal(whole, row.Text);
        Assert.EndsWith(row.SupervisedText[^1], whole, StringComparison.Ordinal);
    }

    [Fact]
    public void Held_out_rows_are_those_of_the_run()
    {
        string[] lines = [.. Enumerable.Range(0, 20).Select(i => JsonSerializer.Serialize(new { text = $"number {i}" }))];
        var data = new DataConfig { ValidationSplit = 0.25 };
        var (held, kept) = (Preview(data, "bytelevel_bpe", lines).Rows(validation: true).ToList(), Preview(data, "bytelevel_bpe", lines).Rows(validation: false).ToList());
        Assert.Equal((5, 15), (held.Count, kept.Count));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), held.Concat(kept).SelectMany(r => r.Records).Order());
        Assert.All(held, r => Assert.Equal("validation", r.Set));
    }

    [Fact]
    public void Nothing_held_out_and_no_model_are_clear_errors()
    {
        Assert.Equal(ErrorIds.ConfigValueInvalid, Assert.Throws<TrainToolsException>(() => Preview(new DataConfig(), "bytelevel_bpe", "{'text': 'a'}").Rows(validation: true).ToList()).ErrorId);
        Assert.Equal("model_name_or_path", Assert.Throws<TrainToolsException>(() => new SamplePreview(new TrainingConfig())).Target);
    }

    [Fact]
    public void Every_record_that_is_left_out_is_listed_in_a_file()
    {
        PreparedSamples? account = null;
        var config = Config(new DataConfig { MaxLength = 6 }, "bytelevel_bpe", "{'prompt': 'a b c d e f g h i j k', 'completion': 'x'}", "{'text': ''}", "{'prompt': 'a', 'completion': 'b'}");
        var preview = new SamplePreview(config) { OnPrepared = (samples, _) => account = samples };
        Assert.Single(preview.Rows(validation: false).ToList());
        var path = Path.Combine(folder, "dropped.jsonl");
        PreparationReport.WriteDropped(path, [("training", account!)]);
        var lines = File.ReadAllLines(path).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(["target_truncated", "no_target"], lines.Select(l => l.GetProperty("reason").GetString()));
        Assert.Equal([1, 2], lines.Select(l => l.GetProperty("line").GetInt32()));
        Assert.Contains("2 of 3 training records are left out: data.jsonl(1)", PreparationReport.Warnings(account!, "training").First(), StringComparison.Ordinal);

        PreparationReport.WriteDropped(path, [("training", account! with { Dropped = [] })]);
        Assert.False(File.Exists(path));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static Core.Tokenization.PretrainedTokenizer Tokenizer => TokenizerData.Load("bytelevel_bpe");

    private List<SampleView> Rows(DataConfig data, params string[] lines) => [.. Preview(data, lines[0].StartsWith('{') ? "bytelevel_bpe" : lines[0], [.. lines.Where(l => l.StartsWith('{'))]).Rows(validation: false)];

    private SamplePreview Preview(DataConfig data, string tokenizer, params string[] lines) => new(Config(data, tokenizer, lines));

    private TrainingConfig Config(DataConfig data, string tokenizer, params string[] lines)
    {
        var path = Path.Combine(folder, "data.jsonl");
        File.WriteAllLines(path, lines.Select(l => l.Replace('\'', '"')));
        return new TrainingConfig
        {
            Model = new ModelConfig { ModelNameOrPath = TokenizerData.Load(tokenizer).Folder, TokenizerPath = TokenizerData.Load(tokenizer).Folder },
            Data = data with { DatasetPath = [path], DatasetFormat = DatasetFormat.Auto },
        };
    }
}
