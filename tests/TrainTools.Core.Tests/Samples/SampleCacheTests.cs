using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Core.Tests.Tokenization;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Tests.Samples;

/// <summary>Tokenised records are used again exactly as long as nothing they depend on has changed.</summary>
public sealed class SampleCacheTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("traintools-cache-").FullName;
    private readonly string tokenizerFolder;
    private readonly string data;
    private readonly TrainingConfig config;

    public SampleCacheTests()
    {
        tokenizerFolder = Path.Combine(folder, "tokenizer");
        Directory.CreateDirectory(tokenizerFolder);
        foreach (var file in Directory.EnumerateFiles(TokenizerData.Load("bytelevel_bpe").Folder))
        {
            File.Copy(file, Path.Combine(tokenizerFolder, Path.GetFileName(file)));
        }

        data = Path.Combine(folder, "data.jsonl");
        WriteData("{'prompt': 'one', 'completion': 'two', 'curriculum_score': 0.25}", "{'prompt': 'a b c d e f g h i j k l m n', 'completion': 'x'}");
        config = new TrainingConfig
        {
            Model = new ModelConfig { ModelNameOrPath = tokenizerFolder },
            Data = new DataConfig { DatasetPath = [data], MaxLength = 10 },
        };
    }

    private SampleCache Cache => new(Path.Combine(folder, "cache"));

    [Fact]
    public void What_was_encoded_before_comes_back_as_it_was()
    {
        var first = Encode(config, out var cached);
        Assert.False(cached);
        Assert.Single(first.Dropped);
        Assert.Equal(0.25, Assert.Single(first.Samples).Difficulty); // a curriculum goes by it
        var second = Encode(config, out cached);
        Assert.True(cached);
        Assert.Equal(first.Samples.Select(Describe), second.Samples.Select(Describe));
        Assert.Equal(first.Dropped, second.Dropped);
        Assert.Equal(
            (first.Records, first.Truncated, first.TokensLost, first.PromptSplits, first.FirstPromptSplit),
            (second.Records, second.Truncated, second.TokensLost, second.PromptSplits, second.FirstPromptSplit));
    }

    [Fact]
    public void Whatever_the_records_depend_on_makes_them_new()
    {
        Encode(config, out _);
        Assert.True(IsCached(config with { Data = config.Data with { Shuffle = false, Curriculum = true, ValidationSplit = 0.5 } })); // does not touch a record's tokens

        Assert.False(IsCached(config with { Data = config.Data with { MaxLength = 20 } }));
        Assert.False(IsCached(config));
        Assert.False(IsCached(config with { Data = config.Data with { CompletionOnlyLoss = false } }));
        Assert.False(IsCached(config with { Data = config.Data with { KeepTarget = true } }));

        Assert.False(IsCached(config));
        WriteData("{'prompt': 'one', 'completion': 'three'}");
        Assert.False(IsCached(config));
        Assert.True(IsCached(config));

        var settings = Path.Combine(tokenizerFolder, "tokenizer_config.json");
        File.WriteAllText(settings, File.ReadAllText(settings) + " ");
        Assert.False(IsCached(config));

        var template = Path.Combine(folder, "chat.jinja");
        File.WriteAllText(template, "{% for m in messages %}{{ m.content }}{% endfor %}");
        var templated = config with { Model = config.Model with { ChatTemplatePath = template } };
        Assert.False(IsCached(templated));
        Assert.True(IsCached(templated));
        File.AppendAllText(template, "!");
        Assert.False(IsCached(templated));

        Assert.Single(Directory.GetFiles(Path.Combine(folder, "cache"))); // one file, whatever was tried
    }

    [Fact]
    public void A_file_that_is_not_whole_is_as_good_as_none()
    {
        var expected = Encode(config, out _).Samples.Select(Describe).ToList();
        var path = Assert.Single(Directory.GetFiles(Path.Combine(folder, "cache")));
        var bytes = File.ReadAllBytes(path);
        foreach (var length in (int[])[0, 5, 8, 40, bytes.Length / 2, bytes.Length - 1])
        {
            File.WriteAllBytes(path, bytes[..length]);
            Assert.Equal(expected, Encode(config, out var cached).Samples.Select(Describe));
            Assert.False(cached);
        }

        for (var at = 0; at < bytes.Length; at += 7)
        {
            byte[] damaged = [.. bytes];
            damaged[at] ^= 0x40;
            File.WriteAllBytes(path, damaged);
            Assert.Null(Cache.Read("training", SampleCache.Key(config, [data])));
        }

        File.WriteAllBytes(path, [.. bytes, 1]);
        Assert.Null(Cache.Read("training", SampleCache.Key(config, [data])));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private bool IsCached(TrainingConfig changed)
    {
        Encode(changed, out var cached);
        return cached;
    }

    private PreparedSamples Encode(TrainingConfig changed, out bool cached) =>
        new SampleSource(changed, PretrainedTokenizer.Load(tokenizerFolder)).Encode("training", [data], Cache, out cached);

    private void WriteData(params string[] lines) => File.WriteAllLines(data, lines.Select(l => l.Replace('\'', '"')));

    private static string Describe(TrainingSample sample) =>
        string.Join(' ', sample.InputIds) + "|" + string.Join(' ', sample.Labels) + "|" + string.Join(' ', sample.RecordIndexes) + "|" + string.Join(' ', sample.RowTargets ?? []) + "|" + sample.Difficulty;
}
