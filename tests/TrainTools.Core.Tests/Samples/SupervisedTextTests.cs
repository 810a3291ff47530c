using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Samples;
using TrainTools.Core.Tests.Tokenization;
using TrainTools.Core.Tokenization;
using TrainTools.Core.Tokenization.Chat;

namespace TrainTools.Core.Tests.Samples;

/// <summary>
/// What is supervised in real data, decoded: the assistant's (the completion's) text and its end token, for every row. The
/// expected text is cut out of the rendered conversation by its markers, without looking at spans or tokens.
/// </summary>
public class SupervisedTextTests
{
    private const string Begin = "<|im_start|>assistant\n";
    private const string End = "<|im_end|>";
    private static readonly PretrainedTokenizer Tokenizer = TokenizerData.Load("bytelevel_bpe");
    private static readonly PretrainedTokenizer Qwen = TokenizerData.Load("qwen2");

    [Theory]
    [InlineData("chat-sgd.jsonl.gz", "own", 500)] // generation blocks
    [InlineData("chat-sgd.jsonl.gz", "chatml", 500)] // none: turn by turn
    [InlineData("chat-sgd.jsonl.gz", "trl/qwen2_5.jinja", 500)]
    [InlineData("chat-sgd.jsonl.gz", "trl/qwen2_5_training.jinja", 500)]
    [InlineData("chat-glaive-toolcall.json.gz", "trl/qwen2_5.jinja", 300)]
    [InlineData("chat-glaive-toolcall.json.gz", "trl/qwen2_5_training.jinja", 300)]
    public void Assistant_only_supervises_what_the_assistant_says(string file, string template, int rows)
    {
        var tokenizer = template.StartsWith("trl", StringComparison.Ordinal) ? Qwen : Tokenizer;
        var chat = Template(template, tokenizer);
        var encoder = new SampleEncoder(tokenizer, new SampleOptions { AssistantOnlyLoss = true }, chat);
        var records = Records(file);
        Assert.Equal(rows, records.Count);
        foreach (var record in records)
        {
            var expected = SaidByAssistant(chat.Render(record.Messages!, tools: record.Tools).Text);
            var actual = Runs(encoder.Encode(record).Sample, tokenizer);
            Assert.Equal(expected.Select(Trimmed), actual.Select(Trimmed));
            if (record.Messages!.All(m => m.Extra?["tool_calls"] is null))
            {
                Assert.Equal(record.Messages!.Where(m => m.Role == "assistant").Select(m => (m.Content + End).Trim()), actual.Select(Trimmed));
            }
        }
    }

    [Fact]
    public void Completion_only_supervises_the_completion_and_its_end()
    {
        var encoder = new SampleEncoder(Tokenizer, new SampleOptions());
        var records = Records("sft-gsm8k.jsonl.gz", new DatasetReaderOptions { PromptField = "question", CompletionField = "answer", Strict = true });
        Assert.Equal(1319, records.Count);
        foreach (var record in records)
        {
            Assert.Equal([record.Completion + Tokenizer.EosToken], Runs(encoder.Encode(record).Sample, Tokenizer));
        }
    }

    [Fact]
    public void A_conversation_without_an_assistant_is_an_error_that_names_it()
    {
        var encoder = new SampleEncoder(Tokenizer, new SampleOptions { AssistantOnlyLoss = true }, Template("own", Tokenizer));
        var record = new TrainingRecord { Shape = RecordShape.Messages, Messages = [new ChatMessage("user", "Hello")], SourceFile = "chat.jsonl", SourceLine = 7 };
        var error = Assert.Throws<TrainToolsException>(() => encoder.Encode(record));
        Assert.Equal(ErrorIds.AssistantTokensMissing, error.ErrorId);
        Assert.StartsWith("chat.jsonl(7)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_that_rewrites_earlier_turns_is_an_error_that_names_the_row()
    {
        // Counts the messages up front, so no prefix of the conversation is a prefix of the text.
        var chat = new ChatTemplate("{{ messages | length }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}");
        var encoder = new SampleEncoder(Tokenizer, new SampleOptions { AssistantOnlyLoss = true }, chat);
        var record = new TrainingRecord { Shape = RecordShape.Messages, Messages = [new ChatMessage("user", "a"), new ChatMessage("assistant", "b")], SourceFile = "chat.jsonl", SourceLine = 3 };
        var error = Assert.Throws<TrainToolsException>(() => encoder.Encode(record));
        Assert.Equal(ErrorIds.AssistantTokensMissing, error.ErrorId);
        Assert.StartsWith("chat.jsonl(3)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_fit_the_setting_is_one_clear_error()
    {
        var text = new TrainingRecord { Shape = RecordShape.Text, Text = "a" };
        var messages = new TrainingRecord { Shape = RecordShape.Messages, Messages = [new ChatMessage("user", "a")] };
        var preference = new TrainingRecord { Shape = RecordShape.Preference };
        string Error(SampleOptions options, TrainingRecord record) => Assert.Throws<TrainToolsException>(() => new SampleEncoder(Tokenizer, options).Encode(record)).ErrorId;
        Assert.Equal(ErrorIds.RecordShapeUnsupported, Error(new SampleOptions { AssistantOnlyLoss = true }, text));
        Assert.Equal(ErrorIds.ChatTemplateMissing, Error(new SampleOptions(), messages));
        Assert.Equal(ErrorIds.RecordShapeUnsupported, Error(new SampleOptions(), preference));
    }

    private static string Trimmed(string text) => text.Trim();

    private static ChatTemplate Template(string name, PretrainedTokenizer tokenizer) =>
        new(name switch
        {
            "own" => tokenizer.ChatTemplate!,
            "chatml" => "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
            _ => File.ReadAllText(TestData.Path(["chat-templates", .. name.Split('/')])),
        }, ChatTokens.Of(tokenizer));

    private static List<TrainingRecord> Records(string file, DatasetReaderOptions? options = null) =>
        [.. new DatasetReader(options ?? new DatasetReaderOptions { Strict = true }).Read(TestData.Path("Samples", file))];

    private static IEnumerable<string> SaidByAssistant(string text)
    {
        for (var at = text.IndexOf(Begin, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Begin, at, StringComparison.Ordinal))
        {
            at += Begin.Length;
            var end = text.IndexOf(End, at, StringComparison.Ordinal) + End.Length;
            yield return text[at..end];
        }
    }

    /// <summary>The supervised stretches of a sample, decoded.</summary>
    private static List<string> Runs(TrainingSample sample, PretrainedTokenizer tokenizer)
    {
        var runs = new List<string>();
        for (var i = 0; i < sample.Length; i++)
        {
            if (sample.Labels[i] == TrainingSample.Ignored)
            {
                continue;
            }

            Assert.Equal(sample.InputIds[i], sample.Labels[i]);
            var start = i;
            while (i < sample.Length && sample.Labels[i] != TrainingSample.Ignored)
            {
                i++;
            }

            runs.Add(tokenizer.Decode(sample.InputIds.AsSpan(start, i - start), skipSpecialTokens: false));
        }

        return runs;
    }
}
