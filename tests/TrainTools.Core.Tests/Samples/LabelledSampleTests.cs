using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Samples;
using TrainTools.Core.Samples.Labels;
using TrainTools.Core.Tests.Tokenization;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Tests.Samples;

/// <summary>Labels of data, and how texts and words with labels become samples.</summary>
public sealed class LabelledSampleTests : IDisposable
{
    private static readonly PretrainedTokenizer Bert = TokenizerData.Load("bert-base-uncased");
    private static readonly PretrainedTokenizer Gpt2 = TokenizerData.Load("gpt2");
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("traintools-labels-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Labels_come_from_the_data_in_the_order_of_their_names()
    {
        Assert.Equal(["ham", "spam"], Find("""{"text":"a","label":"spam"}""", """{"text":"b","label":"ham"}""").Names);
        Assert.Equal(["2", "10"], Find("""{"text":"a","label":10}""", """{"text":"b","label":2}""").Names);
        Assert.Equal(ProblemType.Regression, Find("""{"text":"a","label":1}""", """{"text":"b","label":2.5}""").Problem);
        Assert.Equal(ProblemType.MultiLabelClassification, Find("""{"text":"a","label":["x"]}""", """{"text":"b","label":["x","y"]}""").Problem);
    }

    [Fact]
    public void A_number_is_the_place_of_a_listed_label()
    {
        var labels = Find(new TaskConfig { TaskType = TaskType.SequenceClassification, Labels = SettingList.Create(["neg", "pos"]) }, """{"text":"a","label":1}""", """{"text":"b","label":"neg"}""");
        Assert.Equal((1, 0, -1), (labels.Find("1"), labels.Find("neg"), labels.Find("2")));
    }

    [Fact]
    public void What_labels_can_be_wrong_by_is_named_with_file_and_line()
    {
        Assert.Equal(ErrorIds.LabelsOneClass, Error("""{"text":"a","label":"x"}""", """{"text":"b","label":"x"}""").ErrorId);
        var one = Error("""{"text":"a","label":"x"}""", """{"text":"b","label":"x"}""");
        Assert.Equal(ErrorIds.LabelsOneClass, one.ErrorId);
        Assert.Contains("data.jsonl(1) to line 2: every record has the label 'x' (2 records)", one.Message, StringComparison.Ordinal);
        Assert.Contains("data.jsonl(1): every word has the tag 'O' (1 record)", Assert.Throws<TrainToolsException>(() => Find(new TaskConfig { TaskType = TaskType.TokenClassification }, """{"tokens":["a"],"ner_tags":["O"]}""")).Message, StringComparison.Ordinal);
        Assert.Equal(ErrorIds.ConfigValueInvalid, Assert.Throws<TrainToolsException>(() => Find(new TaskConfig { TaskType = TaskType.SequenceClassification, Labels = SettingList.Create(["x", "x"]) }, """{"text":"a","label":"x"}""")).ErrorId);
        var mixed = Error("""{"text":"a","label":"x"}""", """{"text":"b","label":3}""");
        Assert.Equal(ErrorIds.LabelsMixed, mixed.ErrorId);
        Assert.Contains("data.jsonl(2)", mixed.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorIds.LabelsMixed, Error("""{"text":"a","label":"x"}""", """{"text":"b","label":0.5}""").ErrorId);
        var unknown = Assert.Throws<TrainToolsException>(() => new ClassificationEncoder(Bert, new LabelSet(["a", "b"], ProblemType.SingleLabelClassification), new DataConfig())
            .Encode(new TrainingRecord { Shape = RecordShape.Classification, Text = "t", Label = "c", SourceFile = "v.csv", SourceLine = 9 }));
        Assert.Equal(ErrorIds.LabelUnknown, unknown.ErrorId);
        Assert.Contains("v.csv(9)", unknown.Message, StringComparison.Ordinal);
        var task = new TaskConfig { TaskType = TaskType.SequenceClassification, ProblemType = ProblemType.Regression };
        Assert.Equal(ErrorIds.LabelNotNumber, Assert.Throws<TrainToolsException>(() => Find(task, """{"text":"a","label":"x"}""", """{"text":"b","label":"1"}""")).ErrorId);
        var tags = Assert.Throws<TrainToolsException>(() => Find(new TaskConfig { TaskType = TaskType.TokenClassification }, """{"tokens":["a","b"],"ner_tags":["O"]}"""));
        Assert.Equal(ErrorIds.TokenTagMismatch, tags.ErrorId);
        Assert.Contains("2 words and 1 tags", tags.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorIds.RecordShapeUnsupported, Error("""{"tokens":["a"],"ner_tags":["O"]}""").ErrorId);
    }

    [Fact]
    public void A_models_own_labels_are_kept_where_they_fit()
    {
        File.WriteAllText(Path.Combine(folder.FullName, "config.json"), """{"model_type":"bert","architectures":["BertForSequenceClassification"],"id2label":{"0":"spam","1":"ham"}}""");
        Assert.Equal(["spam", "ham"], Find("""{"text":"a","label":"ham"}""", """{"text":"b","label":0}""").Names);
        var others = Find("""{"text":"a","label":"x"}""", """{"text":"b","label":"y"}""");
        Assert.Equal(["x", "y"], others.Names);
        Assert.Contains("begins anew", others.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_text_is_dropped_and_a_long_one_cut()
    {
        var labels = new LabelSet(["a", "b"], ProblemType.SingleLabelClassification);
        EncodedRecord Encode(string text, TruncationMode mode) =>
            new ClassificationEncoder(Bert, labels, new DataConfig { MaxLength = 6, TruncationMode = mode }).Encode(new TrainingRecord { Shape = RecordShape.Classification, Text = text, Label = "b" });
        Assert.Equal(DropReason.EmptyText, Encode(" \t", TruncationMode.KeepStart).Drop);
        var start = Encode("one two three four five six", TruncationMode.KeepStart);
        var end = Encode("one two three four five six", TruncationMode.KeepEnd);
        Assert.Equal("[CLS] one two three four [SEP]", string.Join(' ', start.Sample.InputIds.Select(Bert.IdToToken)));
        Assert.Equal("[CLS] three four five six [SEP]", string.Join(' ', end.Sample.InputIds.Select(Bert.IdToToken)));
        Assert.Equal((2, 1f), (start.TokensLost, Assert.Single(start.Sample.RowTargets!)));
    }

    [Fact]
    public void The_first_token_of_a_word_has_its_tag()
    {
        var labels = new LabelSet(["B-p", "I-p", "O"]);
        var record = new TrainingRecord { Shape = RecordShape.TokenClassification, Tokens = ["Transformer", "Unbelievables", "rock"], Tags = ["B-p", "I-p", "O"] };
        var sample = new TagEncoder(Bert, labels, new DataConfig { MaxLength = 64 }).Encode(record).Sample;
        Assert.Equal("[CLS] transform ##er unbelievable ##s rock [SEP]", string.Join(' ', sample.InputIds.Select(Bert.IdToToken)));
        Assert.Equal([-100, 0, -100, 1, -100, 2, -100], sample.Labels);
        Assert.Equal([-1, 0, 0, 1, 1, 2, -1], sample.WordIds!);
        var all = new TagEncoder(Bert, labels, new DataConfig { MaxLength = 64, LabelAllTokens = true }).Encode(record).Sample;
        Assert.Equal([-100, 0, 1, 1, 1, 2, -100], all.Labels);
        var bytes = new TagEncoder(Gpt2, labels, new DataConfig { MaxLength = 64 }).Encode(record).Sample;
        Assert.Equal(3, bytes.SupervisedTokens);
        Assert.Equal(["Trans", "ĠUn", "Ġrock"], bytes.InputIds.Where((_, i) => bytes.Labels[i] >= 0).Select(Gpt2.IdToToken));
    }

    [Theory]
    [InlineData(16, 4)]
    [InlineData(10, 0)]
    [InlineData(24, 12)]
    public void Each_word_of_a_long_text_is_labelled_once_where_it_has_most_context(int maxLength, int stride)
    {
        var words = Enumerable.Range(0, 200).Select(i => i % 3 == 0 ? "unbelievables" : "word").ToList();
        var labels = new LabelSet(["B-p", "O"]);
        var record = new TrainingRecord { Shape = RecordShape.TokenClassification, Tokens = words, Tags = [.. words.Select((_, i) => i % 2 == 0 ? "O" : "B-p")] };
        var encoded = new TagEncoder(Bert, labels, new DataConfig { MaxLength = maxLength, Stride = stride }).Encode(record);
        TrainingSample[] windows = [encoded.Sample, .. encoded.Further];
        Assert.All(windows, w => Assert.InRange(w.Length, 3, maxLength));
        var seen = windows.SelectMany(w => w.Labels.Select((l, i) => (Label: l, Word: w.WordIds![i])).Where(p => p.Label >= 0)).ToList();
        Assert.Equal(Enumerable.Range(0, 200), seen.Select(p => p.Word).Order());
        Assert.All(seen, p => Assert.Equal(p.Word % 2 == 0 ? 1 : 0, p.Label));
        Assert.Single(windows, w => w.WordLabels is not null);
    }

    [Fact]
    public void A_text_is_cut_into_words_with_their_places()
    {
        const string Text = "  (@Anna) said: \"U.S.-based 😀, can't\"...";
        var words = TextWords.Split(Text).Select(w => Text[w.Start..w.End]);
        Assert.Equal(["(", "@Anna", ")", "said", ":", "\"", "U.S.-based", "😀", ",", "can't", "\"", ".", ".", "."], words);
    }

    [Fact]
    public void Entities_by_character_become_tags_and_those_outside_the_text_are_named()
    {
        var path = Write("""{"text":"😀 New York-based Anna","entities":[{"start":2,"end":10,"label":"LOC"},[17,21,"PER"]]}""");
        var record = Assert.Single(new DatasetReader(new DatasetReaderOptions { Strict = true }).Read([path]));
        Assert.Equal("😀 New York -based Anna".Replace("-based", "- based", StringComparison.Ordinal), string.Join(' ', record.Tokens!));
        Assert.Equal("O B-LOC I-LOC O O B-PER", string.Join(' ', record.Tags!));
        foreach (var wrong in new[] { "[[5,99,\"X\"]]", "[[3,3,\"X\"]]", "[[0,3,\"X\"],[2,4,\"Y\"]]" })
        {
            var error = Assert.Throws<TrainToolsException>(() => new DatasetReader(new DatasetReaderOptions { Strict = true }).Read([Write($$"""{"text":"New York","entities":{{wrong}}}""")]).ToList());
            Assert.Contains("data.jsonl", error.Message, StringComparison.Ordinal);
        }
    }

    private string Write(params string[] lines)
    {
        var path = Path.Combine(folder.FullName, "data.jsonl");
        File.WriteAllLines(path, lines);
        return path;
    }

    private LabelSet Find(params string[] lines) => Find(new TaskConfig { TaskType = TaskType.SequenceClassification }, lines);

    private LabelSet Find(TaskConfig task, params string[] lines) => LabelDiscovery.Find(
        new TrainingConfig { Task = task, Model = new ModelConfig { ModelNameOrPath = folder.FullName } }, new DatasetReader(new DatasetReaderOptions { Strict = true }).Read([Write(lines)]));

    private TrainToolsException Error(params string[] lines) => Assert.Throws<TrainToolsException>(() => Find(lines));
}
