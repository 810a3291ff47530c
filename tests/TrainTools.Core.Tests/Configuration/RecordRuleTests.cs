using System.IO.Compression;
using System.Text.Json;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using static TrainTools.Core.Configuration.FindingSeverity;

namespace TrainTools.Core.Tests.Configuration;

/// <summary>The rules that read records, on real tokenizers and small files: outside and just inside. Named by rule.</summary>
public sealed class RecordRuleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void DataReadable_names_each_bad_line()
    {
        Data("a.jsonl", Text("one"), "{\"text\": ", Text("two"), "[1]");
        var finding = Single("DataReadable", "");
        Assert.Equal((Error, "dataset_path"), (finding.Severity, finding.Setting));
        Assert.StartsWith($"{folder.Path}/a.jsonl(2): ", finding.Why.Replace('\\', '/'), StringComparison.Ordinal);
        Assert.EndsWith("In all 2 of the first 4 records cannot be read.", finding.Why, StringComparison.Ordinal);
        Assert.Equal(ErrorIds.DatasetLineInvalid, finding.ErrorId);
        Assert.StartsWith("a.jsonl(2): ", finding.Evidence[0], StringComparison.Ordinal);
        Assert.StartsWith("a.jsonl(4): ", finding.Evidence[1], StringComparison.Ordinal);

        Data("a.jsonl", Text("one"), Text("two"));
        None("DataReadable", "");
        File.WriteAllBytes(Path.Combine(folder.Path, "v.bin"), [.. Enumerable.Repeat((byte)0, 500)]);
        Assert.Equal(ErrorIds.DatasetFormatUnknown, Single("DataReadable", "validation_path: '{dir}/v.bin'").ErrorId);
        Data("a.jsonl", " ", " ");
        Assert.Equal(ErrorIds.DatasetEmpty, Single("DataReadable", "").ErrorId);
    }

    [Fact]
    public void DataFitsTask_tells_shape_and_task()
    {
        Data("a.jsonl", """{"text": "good", "label": "pos"}""", """{"text": "bad", "label": "neg"}""");
        var finding = Single("DataFitsTask", "");
        Assert.Equal([new SettingChange("task_type", TaskType.SequenceClassification)], finding.Changes);
        Assert.Contains("a.jsonl(1): good", finding.Evidence[0], StringComparison.Ordinal);
        None("DataFitsTask", "task_type: sequence-classification");
        Data("a.jsonl", Text("plain"));
        var plain = Single("DataFitsTask", "task_type: sequence-classification");
        Assert.Equal("100 % of the records are plain texts; sequence-classification learns from texts with labels.", plain.Why);
        Assert.Equal(ErrorIds.RecordShapeUnsupported, plain.ErrorId);
        Assert.Empty(plain.Changes);
        Data("a.jsonl", """{"text": "good", "label": "pos"}""", """{"text": "what is this"}""");
        Assert.EndsWith(" (first in a.jsonl(2)).", Single("DataFitsTask", "task_type: sequence-classification").Why, StringComparison.Ordinal);
        Data("a.jsonl", """{"prompt": "q", "chosen": "a", "rejected": "b"}""");
        Assert.Contains("the chosen answers alone", Single("DataFitsTask", "").Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void ValidationOverlap_finds_records_on_both_sides()
    {
        Data("a.jsonl", Enumerable.Range(0, 100).Select(i => Text($"record {i}")));
        Data("v.jsonl", Enumerable.Range(95, 10).Select(i => Text($" RECORD  {i}")));
        var some = Single("ValidationOverlap", "validation_path: '{dir}/v.jsonl'");
        Assert.Equal(Warning, some.Severity);
        Assert.Contains("5 of 10 validation records (50 %)", some.Why, StringComparison.Ordinal);
        Assert.StartsWith("v.jsonl(1) = a.jsonl(96): ", some.Evidence[0], StringComparison.Ordinal);
        Assert.Equal(Error, Single("ValidationOverlap", "validation_path: '{dir}/a.jsonl'").Severity);
        Data("v.jsonl", Text("another"));
        None("ValidationOverlap", "validation_path: '{dir}/v.jsonl'");

        None("ValidationOverlap", "validation_split: 0.1");
        Data("a.jsonl", Enumerable.Range(0, 100).Select(i => Text($"record {i % 98}")));
        Assert.Contains("2 of 100 training records (2 %)", Single("ValidationOverlap", "validation_split: 0.1").Why, StringComparison.Ordinal);
        None("ValidationOverlap", "");
    }

    [Fact]
    public void LabelsInData_compares_lists_and_sides()
    {
        static string Label(string label) => JsonSerializer.Serialize(new { text = "x " + label, label });
        const string Task = "task_type: sequence-classification";
        Data("a.jsonl", Label("pos"), Label("neg"));
        Data("v.jsonl", Label("pos"), Label("neutral"));
        None("LabelsInData", Task);
        None("LabelsInData", Task + "\nlabels: [neg, pos]");
        Assert.Equal([new SettingChange("labels", SettingList.Create(["pos", "neg"]))], Single("LabelsInData", Task + "\nlabels: [pos]").Changes);
        var unseen = Single("LabelsInData", Task + "\nvalidation_path: '{dir}/v.jsonl'");
        Assert.Equal((Error, "v.jsonl(2): neutral"), (unseen.Severity, unseen.Evidence[0]));
        Assert.Equal(ErrorIds.LabelUnknown, unseen.ErrorId);
        Assert.Contains("neutral (first in v.jsonl(2))", unseen.Why, StringComparison.Ordinal);
        Data("a.jsonl", Label("pos"), Label("pos"));
        var one = Single("LabelsInData", Task);
        Assert.Equal((Error, ErrorIds.LabelsOneClass), (one.Severity, one.ErrorId));
        Assert.Contains("a.jsonl(1) to ", one.Why, StringComparison.Ordinal);
        Assert.Equal(Warning, Single("LabelsInData", Task + "\nlabels: [neg, pos]").Severity); // a head for both is what was asked for
        Data("a.jsonl", Enumerable.Range(0, 100).Select(i => Label(i < 4 ? "neg" : "pos")));
        Assert.Contains("96 % of the records have the label 'pos'", Single("LabelsInData", Task).Why, StringComparison.Ordinal);
        Data("a.jsonl", Enumerable.Range(0, 100).Select(i => Label(i < 5 ? "neg" : "pos")));
        None("LabelsInData", Task);
    }

    [Fact]
    public void LabelsInData_takes_labels_as_the_run_does()
    {
        static string Label(object label) => JsonSerializer.Serialize(new { text = "x " + label, label });
        const string Task = "task_type: sequence-classification";
        const string Both = Task + "\nvalidation_path: '{dir}/v.jsonl'";

        // Values that training never shows are no unknown labels.
        Data("a.jsonl", Label(0.5), Label(1.25), Label(2));
        Data("v.jsonl", Label(0.75));
        None("LabelsInData", Both);
        Data("v.jsonl", Label("much"));
        Assert.Equal(ErrorIds.LabelNotNumber, Single("LabelsInData", Both).ErrorId);

        // Where labels are names, a number is the place of one.
        Data("a.jsonl", Label(0), Label(1));
        Data("v.jsonl", Label("spam"));
        None("LabelsInData", Both + "\nlabels: [ham, spam]");
        Assert.Equal(ErrorIds.LabelUnknown, Single("LabelsInData", Task + "\nlabels: [ham]").ErrorId);

        Data("a.jsonl", Label("ham"), Label(1));
        var mixed = Single("LabelsInData", Task);
        Assert.Equal((Error, ErrorIds.LabelsMixed), (mixed.Severity, mixed.ErrorId));
        Assert.Contains("a.jsonl(2)", mixed.Why, StringComparison.Ordinal);

        Data("a.jsonl", """{"tokens":["a","b"],"ner_tags":["O","B-x"]}""", """{"tokens":["a","b"],"ner_tags":["O"]}""");
        Assert.Equal(ErrorIds.TokenTagMismatch, Single("LabelsInData", "task_type: token-classification").ErrorId);
    }

    [Theory]
    [InlineData("eval_mse", "eval_f1", "1.5", "0.5")]
    [InlineData("eval_f1_samples", "eval_matthews_correlation", "[\"a\",\"b\"]", "[]")]
    [InlineData("eval_matthews_correlation", "eval_f1_samples", "\"a\"", "\"b\"")]
    [InlineData("b_f1", "eval_c_f1", "\"a\"", "\"b\"")]
    public void BestMetricKnown_goes_by_the_labels_of_the_data(string right, string wrong, params string[] labels)
    {
        Data("a.jsonl", labels.Select((l, i) => $$"""{"text":"text {{i}}","label":{{l}}}"""));
        const string Task = "task_type: sequence-classification\nvalidation_split: 0.5\nmetric_for_best_model: ";
        None("BestMetricKnown", Task + right);
        var finding = Single("BestMetricKnown", Task + wrong);
        Assert.Equal((Error, ErrorIds.ConfigValueInvalid), (finding.Severity, finding.ErrorId));
        Assert.Contains(right == "b_f1" ? "of a label (a, b)" : right, finding.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void BestMetricKnown_knows_the_types_of_entities()
    {
        Data("a.jsonl", """{"tokens":["a","b"],"ner_tags":["O","B-person"]}""", """{"tokens":["a","b"],"ner_tags":["O","I-place"]}""");
        const string Task = "task_type: token-classification\nvalidation_split: 0.5\nmetric_for_best_model: ";
        None("BestMetricKnown", Task + "eval_place_f1");
        Assert.Contains("of a type of entity (person, place)", Single("BestMetricKnown", Task + "eval_B-person_f1").Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void PackingSingleTurn_counts_updates()
    {
        Data("a.jsonl", Enumerable.Range(0, 200).Select(i => Pair($"Question {i}?", $"Answer {i}.")));
        var wrapped = Single("PackingSingleTurn", "packing: true\npacking_strategy: wrapped\nmax_length: 64");
        Assert.Equal((Warning, "packing_strategy"), (wrapped.Severity, wrapped.Setting));
        Assert.Matches(@"about [\d.]+ go into a row, and 60 updates become \d+\. With wrapped they see each other", wrapped.Why);
        Assert.Equal(Info, Single("PackingSingleTurn", "packing: true\nmax_length: 1024").Severity);
        None("PackingSingleTurn", "packing: true\nmax_length: 64");
        Data("a.jsonl", Enumerable.Range(0, 200).Select(i => Chat("q", "a", "q", "a")));
        None("PackingSingleTurn", "packing: true\nmax_length: 1024");
    }

    [Fact]
    public void TokenizerFitsModel_compares_vocabulary_and_embedding()
    {
        Data("a.jsonl", Text("hello world"));
        Model(vocabulary: 100);
        var finding = Single("TokenizerFitsModel", "");
        Assert.Equal(Error, finding.Severity);
        Assert.Matches(@"1 of 1 records use tokens beyond it", finding.Why);
        Assert.Equal(ErrorIds.TokenizerVocabularyTooLarge, finding.ErrorId);
        Model(vocabulary: 100_000);
        None("TokenizerFitsModel", "");
        folder.Write("m/tokenizer.json", "{");
        Assert.Contains("tokenizer.json", Single("TokenizerFitsModel", "").Why, StringComparison.Ordinal);
    }

    [Fact]
    public void RecordsEncode_names_records_that_template_or_mask_refuse()
    {
        Data("a.jsonl", Chat("q", "a"), Text("plain"), Chat("only a question"));
        var findings = Check("RecordsEncode", "assistant_only_loss: true");
        Assert.Equal(2, findings.Count);
        Assert.All(findings, f => Assert.Equal((Error, "assistant_only_loss"), (f.Severity, f.Setting)));
        Assert.Contains(findings, f => f.Evidence[0] == "a.jsonl(2): plain");
        Assert.Contains(findings, f => f.Evidence[0] == "a.jsonl(3): only a question");
        None("RecordsEncode", "");

        File.Delete(Path.Combine(folder.Path, "m", "chat_template.jinja"));
        var missing = Single("RecordsEncode", "");
        Assert.Equal("chat_template_path", missing.Setting);
        Assert.Contains("2 of 3 records looked at cannot be used", missing.Why, StringComparison.Ordinal);
        var template = folder.Write("t.jinja", "{{ raise_exception('Only users may speak') }}");
        var endless = folder.Write("endless.jinja", "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}");
        Data("a.jsonl", [.. Enumerable.Range(0, 200).Select(_ => Chat("q", "a"))]);
        var stopped = Single("RecordsEncode", $"chat_template_path: '{endless}'");
        Assert.Equal(ErrorIds.ChatTemplateUnbounded, stopped.ErrorId);
        Assert.Matches("^1 of 1 records looked at cannot be used: .* did not end within 5000000 operations", stopped.Why);
        Data("a.jsonl", Chat("q", "a"), Text("plain"), Chat("only a question"));
        Assert.Contains("Only users may speak", Single("RecordsEncode", $"chat_template_path: '{template}'").Why, StringComparison.Ordinal);
    }

    [Fact]
    public void AssistantMaskDerived_says_so_and_shows_what_is_learnt()
    {
        Data("a.jsonl", Chat("Hi?", "Good day."));
        None("AssistantMaskDerived", "assistant_only_loss: true");
        var template = folder.Write("t.jinja", "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}");
        var finding = Single("AssistantMaskDerived", $"assistant_only_loss: true\nchat_template_path: '{template}'");
        Assert.Equal(Info, finding.Severity);
        Assert.Equal("a.jsonl(1): learnt: Good day.<|im_end|>", finding.Evidence[0]);
        None("AssistantMaskDerived", $"chat_template_path: '{template}'");
    }

    [Fact]
    public void CompletionOnlyData_needs_prompt_and_completion()
    {
        Data("a.jsonl", Chat("q", "a"), Pair("q", "a"));
        var finding = Single("CompletionOnlyData", "completion_only_loss: true");
        Assert.Contains("50 % of the records have no prompt and completion", finding.Why, StringComparison.Ordinal);
        Assert.Contains("assistant_only_loss", finding.Remedy, StringComparison.Ordinal);
        None("CompletionOnlyData", "");
        Data("a.jsonl", Pair("q", "a"));
        None("CompletionOnlyData", "completion_only_loss: true");
    }

    [Fact]
    public void TokensLost_gives_percentiles_and_a_length_that_holds()
    {
        // The tokenizer's own count of each text decides what is just inside.
        Data("a.jsonl", Enumerable.Range(1, 100).Select(i => Text(string.Concat(Enumerable.Repeat("word ", i)))));
        var finding = Single("TokensLost", "max_length: 16");
        Assert.Equal(Warning, finding.Severity);
        Assert.Matches(@"^length in tokens: median \d+, 90 % \d+, 95 % \d+, 99 % \d+, longest \d+$", finding.Evidence[0]);
        var longest = int.Parse(finding.Evidence[0].Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
        None("TokensLost", $"max_length: {longest}");
        Assert.Equal(Info, Single("TokensLost", $"max_length: {longest - 1}").Severity);
        None("TokensLost", "max_length: 16\npacking: true\npacking_strategy: bfd_split");
        Assert.DoesNotContain(Check("TokensLost", "max_length: " + ((int)finding.Changes.Single().Value!).ToString(System.Globalization.CultureInfo.InvariantCulture)), f => f.Severity == Warning);
    }

    [Fact]
    public void RecordsCutApart_looks_at_what_splitting_packers_do()
    {
        Data("a.jsonl", Enumerable.Range(0, 10).Select(i => Pair("question", i < 3 ? string.Concat(Enumerable.Repeat("word ", 60)) : "word")));
        const string Split = "packing: true\npacking_strategy: bfd_split\nmax_length: ";
        var finding = Single("RecordsCutApart", Split + "32");
        Assert.Contains("30 % of the records are longer than 32 tokens", finding.Why, StringComparison.Ordinal);
        Assert.Matches(@"^a\.jsonl\(\d\): \d+ tokens$", finding.Evidence[0]);
        None("RecordsCutApart", Split + "1024");
        None("RecordsCutApart", "packing: true\nmax_length: 32");
        Data("a.jsonl", Enumerable.Range(0, 10).Select(i => Text(string.Concat(Enumerable.Repeat("word ", 60)))));
        None("RecordsCutApart", Split + "32");
    }

    [Fact]
    public void Packed_rows_are_reckoned_from_what_the_strategy_keeps()
    {
        Data("a.jsonl", Enumerable.Range(0, 100).Select(i => Text(string.Concat(Enumerable.Repeat("word ", i < 50 ? 100 : 4)))));
        var facts = ConfigFacts.Gather(Config(""));
        var lengths = facts.Data!.Lengths;
        RunOutline Outline(string yaml) => RunOutline.Create(ConfigResolver.Resolve(Config("packing: true\nmax_length: 32\n" + yaml), facts).Config, facts.Data)!;
        Assert.Equal((int)Math.Ceiling(lengths.Sum() / 32.0), Outline("packing_strategy: bfd_split").Rows);
        Assert.Equal((int)Math.Ceiling(lengths.Sum(l => Math.Min(l, 32)) / 32.0), Outline("").Rows);
    }

    [Fact]
    public void RowsWithoutTarget_lists_what_truncation_leaves_empty()
    {
        var question = string.Concat(Enumerable.Repeat("word ", 60));
        Data("a.jsonl", [Pair(question, "answer"), .. Enumerable.Range(0, 5).Select(i => Pair("short", "answer"))]);
        var finding = Single("RowsWithoutTarget", "max_length: 16");
        Assert.Equal((Warning, "keep_target=true"), (finding.Severity, finding.Changes.Single().ToString()));
        Assert.Contains("1 of 6 records have nothing left to learn, because max_length (16)", finding.Why, StringComparison.Ordinal);
        Assert.Matches(@"^a\.jsonl\(1\): \d+ tokens, \d+ supervised before truncation: …", finding.Evidence[0]);
        None("RowsWithoutTarget", "max_length: 16\nkeep_target: true");
        None("RowsWithoutTarget", "max_length: 1024");
        Data("a.jsonl", Pair(question, "answer"), Pair(question, "answer"), Pair("short", "answer"));
        Assert.Equal(Error, Single("RowsWithoutTarget", "max_length: 16").Severity);
    }

    [Fact]
    public void SupervisedShare_counts_before_and_after_truncation()
    {
        var question = string.Concat(Enumerable.Repeat("word ", 300));
        Data("a.jsonl", Pair(question, "yes"), Pair(question, "no"));
        Assert.Matches(@"^[\d.]+ % of the tokens are supervised before truncation, [\d.]+ % after\.$", Single("SupervisedShare", "max_length: 4096").Why);
        Data("a.jsonl", Pair("short question", string.Concat(Enumerable.Repeat("word ", 100))));
        None("SupervisedShare", "max_length: 4096");
        Data("a.jsonl", Pair(string.Concat(Enumerable.Repeat("word ", 20)), string.Concat(Enumerable.Repeat("word ", 100))));
        Assert.Contains("truncation takes the answers", Single("SupervisedShare", "max_length: 30").Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void EndOfTurnLearnt_looks_at_the_last_supervised_token()
    {
        Data("a.jsonl", Chat("Hi?", "Good day."), Chat("Hi?", "Hello."));
        None("EndOfTurnLearnt", "assistant_only_loss: true");
        None("EndOfTurnLearnt", "");
        var template = folder.Write("t.jinja", "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{{ '<|im_end|>' }}{% else %}{{ m.content + '<|im_end|>' }}{% endif %}{{ '\\n' }}{% endfor %}");
        var finding = Single("EndOfTurnLearnt", $"assistant_only_loss: true\nchat_template_path: '{template}'");
        Assert.Equal(Error, finding.Severity);
        Assert.Equal("In 100 % of the records the last supervised token does not end the turn: the model will never stop.", finding.Why);
        Assert.Equal("a.jsonl(1): …Good day.", finding.Evidence[0]);

        Data("a.jsonl", Enumerable.Range(0, 10).Select(i => Text(i < 2 ? string.Concat(Enumerable.Repeat("word ", 50)) : "word")));
        var cut = Single("EndOfTurnLearnt", "max_length: 20");
        Assert.Equal((Warning, "max_length"), (cut.Severity, cut.Setting));
        Assert.Equal("In 20 % of the records the last supervised token does not end the turn (2 of 10 lose it by truncation to 20 tokens): the model learns to run on.", cut.Why);
        Data("a.jsonl", Enumerable.Range(0, 10).Select(i => Text(i < 1 ? string.Concat(Enumerable.Repeat("word ", 50)) : "word")));
        None("EndOfTurnLearnt", "max_length: 20");
    }

    [Fact]
    public void PadIsEos_is_told()
    {
        Data("a.jsonl", Text("hello"));
        Model("llama_like_bpe");
        Assert.Equal("pad_token = eos_token = </s> (2)", Single("PadIsEos", "").Evidence[0]);
        Model("qwen_like_bpe");
        None("PadIsEos", "");
    }

    [Fact]
    public void DoubleBos_finds_texts_that_write_it_themselves()
    {
        Model("llama_like_bpe");
        Data("a.jsonl", Text("hello"), Text("<s>hello"));
        var finding = Single("DoubleBos", "");
        Assert.Contains("1 of 2 records begin with <s> twice", finding.Why, StringComparison.Ordinal);
        Assert.StartsWith("a.jsonl(2): <s><s>", finding.Evidence[0], StringComparison.Ordinal);
        Data("a.jsonl", Text("hello"), Text("he<s>llo"));
        None("DoubleBos", "");
    }

    [Fact]
    public void PromptSplitsToken_shows_the_border()
    {
        Model("gpt2");
        Data("a.jsonl", Pair("The wor", "d is"), Pair("The", " word"));
        var findings = Check("PromptSplitsToken", "");
        Assert.True(findings.Count == 1, "the tokenizer has no token across this border");
        Assert.Equal("a.jsonl(1): …The wor|d is", findings[0].Evidence[0]);
        Data("a.jsonl", Pair("The", " word"));
        None("PromptSplitsToken", "");
    }

    [Fact]
    public void PromptRunsOn_shows_where_nothing_stands_between()
    {
        Data("a.jsonl", Pair("How many apples?", "Three."), Pair("Why?", "So."), Pair("And then?\n", "Then."));
        var finding = Single("PromptRunsOn", "");
        Assert.Equal("In 66.7 % of the records the completion follows the prompt without a blank, a line end or a separator.", finding.Why);
        Assert.Equal("a.jsonl(1): …How many apples?|Three.", finding.Evidence[0]);
        Data("a.jsonl", Pair("How many apples?", " Three."), Pair("Answer:", "So."), Pair("Why?", "So."));
        None("PromptRunsOn", "");
    }

    [Fact]
    public void PackingFewUpdates_of_lines_of_a_text_asks_for_smaller_steps()
    {
        Data("a.jsonl", Enumerable.Range(0, 400).Select(i => Text(string.Concat(Enumerable.Repeat("word ", 30)))));
        var finding = Single("PackingFewUpdates", "packing: true\nmax_length: 1024\nnum_train_epochs: 10\nearly_stopping_patience: 2\nper_device_train_batch_size: 8");
        Assert.DoesNotContain(finding.Changes, c => c.Setting == "packing");
        Assert.Contains(finding.Changes, c => c.Setting == "per_device_train_batch_size");
    }

    [Fact]
    public void UnknownTokens_are_counted()
    {
        Model("unigram");
        Data("a.jsonl", Text("hello world"), Text("漢字漢字漢字"));
        var finding = Single("UnknownTokens", "");
        Assert.Contains("unknown to the tokenizer", finding.Why, StringComparison.Ordinal);
        Assert.StartsWith("a.jsonl(2): 漢字", finding.Evidence[0], StringComparison.Ordinal);
        Data("a.jsonl", Text("hello world"));
        None("UnknownTokens", "");

        // GPT-2's end token is its unknown one as well; that a text ends is no unknown character.
        Model("gpt2");
        None("UnknownTokens", "");
    }

    [Fact]
    public void A_sample_of_a_long_file_says_how_much_it_saw()
    {
        Data("a.jsonl", Enumerable.Range(0, 12_000).Select(i => Text($"record number {i}")));
        var facts = ConfigFacts.Gather(Config(""));
        Assert.False(facts.Sample!.IsComplete);
        Assert.Equal((10_000, 1_000), (facts.Sample.Records.Count, facts.Sample.Rows.Count));
        Assert.Equal(12_000, facts.Data!.Records);
        Assert.InRange(facts.Sample.EstimatedRecords!.Value, 9_000, 15_000);
        Assert.Null(ConfigFacts.Gather(Config(""), readData: false).Sample);
    }

    private static string Text(string text) => JsonSerializer.Serialize(new { text });

    private static string Pair(string prompt, string completion) => JsonSerializer.Serialize(new { prompt, completion });

    private static string Chat(params string[] turns) =>
        JsonSerializer.Serialize(new { messages = turns.Select((content, i) => new { role = i % 2 == 0 ? "user" : "assistant", content }) });

    private void Data(string name, params IEnumerable<string> lines) => folder.Write(name, string.Join('\n', lines) + "\n");

    private void Model(string tokenizer = "qwen_like_bpe", int vocabulary = 1_000_000)
    {
        folder.Write("m/config.json", $$"""{"model_type":"llama","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"vocab_size":{{vocabulary}}}""");
        foreach (var file in Directory.GetFiles(TestData.Path("Tokenizers", tokenizer)).Where(f => !f.Contains("expected", StringComparison.Ordinal)))
        {
            var target = Path.Combine(folder.Path, "m", Path.GetFileName(file).Replace(".gz", "", StringComparison.Ordinal));
            using var source = File.OpenRead(file);
            using var plain = file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(source, CompressionMode.Decompress) : (Stream)source;
            using var output = File.Create(target);
            plain.CopyTo(output);
        }
    }

    private TrainingConfig Config(string yaml)
    {
        if (!Directory.Exists(Path.Combine(folder.Path, "m")))
        {
            Model();
        }

        return ConfigYaml.Parse($"model_name_or_path: '{folder.Path}/m'\ndataset_path: '{folder.Path}/a.jsonl'\n" + yaml.Replace("{dir}", folder.Path, StringComparison.Ordinal));
    }

    private IReadOnlyList<ConfigFinding> Check(string rule, string yaml) => ConfigChecker.Check(Config(yaml), new() { Rules = [rule] });

    private ConfigFinding Single(string rule, string yaml)
    {
        var finding = Assert.Single(Check(rule, yaml));
        Assert.NotEmpty(finding.Expected!);
        Assert.NotEmpty(finding.Remedy!);
        return finding;
    }

    private void None(string rule, string yaml) => Assert.Empty(Check(rule, yaml).Select(f => f.ToString()));
}
