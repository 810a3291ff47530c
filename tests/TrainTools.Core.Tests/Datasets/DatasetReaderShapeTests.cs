using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Datasets;

public sealed class DatasetReaderShapeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private TrainingRecord One(string json, DatasetReaderOptions? options = null) =>
        Assert.Single(new DatasetReader(options ?? new() { Strict = true }).Read(_folder.Write("a.jsonl", json)));

    [Fact]
    public void No_other_field_takes_the_place_of_a_label_field_that_was_named()
    {
        const string Row = """{"text": "a", "label": "x", "mood": "y"}""";
        Assert.Equal("x", One(Row).Label);
        Assert.Equal("y", One(Row, new() { Strict = true, LabelField = "mood" }).Label);
        Assert.Equal(ErrorIds.DatasetFieldMissing, Assert.Throws<TrainToolsException>(() => One(Row, new() { Strict = true, LabelField = "moood" })).ErrorId);
    }

    public static TheoryData<string, DatasetReaderOptions, string> MissingFields => new()
    {
        { """{"prompt": "p", "completion": "c"}""", new() { PromptField = "nope" }, "the field 'nope', which is named for the prompt. The fields there are: prompt, completion." },
        { """{"prompt": "p", "completion": "c"}""", new() { PromptField = "q", CompletionField = "a" }, "the field 'q', which is named for the prompt or the field 'a', which is named for the completion. The" },
        { """{"text": "t", "label": "l"}""", new() { TextField = "nope" }, "'nope', which is named for the text. The fields there are: text, label." },
        { """{"messages": [{"role": "user", "content": "x"}]}""", new() { TextField = "nope" }, "'nope', which is named for the text. The fields there are: messages." },
        { """{"messages": [{"role": "user", "content": "x"}]}""", new() { MessagesField = "chat" }, "'chat', which is named for the conversation" },
        { """{"chosen": "c", "rejected": "r"}""", new() { ChosenField = "win" }, "'win', which is named for the chosen answer" },
        { """{"tokens": ["a"], "ner_tags": ["O"]}""", new() { TagsField = "bio" }, "'bio', which is named for the tags" },
    };

    [Theory]
    [MemberData(nameof(MissingFields))]
    public void A_named_field_that_no_record_has_is_one_error_with_the_fields_there_are(string row, DatasetReaderOptions options, string message)
    {
        var problems = 0;
        var path = _folder.Write("a.jsonl", string.Join('\n', Enumerable.Repeat(row, 3)));
        var error = Assert.Throws<TrainToolsException>(() => new DatasetReader(options with { OnProblem = _ => problems++ }).Read(path).Count());
        Assert.Equal((ErrorIds.DatasetFieldMissing, 0), (error.ErrorId, problems));
        Assert.StartsWith($"{path}: no record has ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_field_may_come_late_and_its_row_alone_is_read_by_it()
    {
        var path = _folder.Write("a.jsonl", """
            {"prompt": "p", "completion": "c"}
            not JSON
            {"messages": [{"role": "user", "content": "x"}]}
            {"q": "p2", "prompt": "other", "answer": "c2"}
            """);
        var problems = new List<DatasetProblem>();
        var records = new DatasetReader(new() { PromptField = "q", OnProblem = problems.Add }).Read(path).ToList();

        // Beside the named prompt the completion is found by its usual names; a row without the prompt is not read by another field.
        Assert.Equal([RecordShape.Messages, RecordShape.PromptCompletion], records.Select(r => r.Shape));
        Assert.Equal(("p2", "c2", "other"), (records[1].Prompt, records[1].Completion, (string?)records[1].Extra!["prompt"]));
        Assert.Equal([1L, 2L], problems.Select(p => p.Line));
    }

    [Fact]
    public void A_named_field_decides_between_shapes()
    {
        var label = One("""{"text": "a b", "entities": [[0, 1, "X"]], "intent": "y"}""", new() { Strict = true, LabelField = "intent" });
        Assert.Equal((RecordShape.Classification, "y"), (label.Shape, label.Label));

        var tags = One("""{"text": "a b", "marks": [[0, 1, "X"]]}""", new() { Strict = true, TagsField = "marks" });
        Assert.Equal(["B-X", "O"], tags.Tags!);

        var alpaca = One("""{"instruction": "i", "input": "x", "output": "o", "better": "b"}""", new() { Strict = true, CompletionField = "better" });
        Assert.Equal(("i\nx", "b"), (alpaca.Messages![0].Content, alpaca.CompletionMessages![0].Content));
    }

    [Fact]
    public void Messages_keep_roles_contents_and_what_else_a_turn_holds()
    {
        var record = One("""{"id": 7, "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f"}}]}], "tools": [{"name": "f"}]}""");

        Assert.Equal(RecordShape.Messages, record.Shape);
        Assert.Equal([("user", "Hi"), ("assistant", null)], record.Messages!.Select(m => (m.Role, m.Content)));
        Assert.Null(record.Messages![0].Extra);
        Assert.Equal("f", (string?)record.Messages[1].Extra!["tool_calls"]![0]!["function"]!["name"]);
        Assert.Equal("f", (string?)record.Tools![0]!["name"]);
        Assert.Equal(7, (int?)record.Extra!["id"]);
        Assert.Equal(["id"], record.Extra.Select(p => p.Key));
    }

    [Fact]
    public void Share_gpt_speakers_become_roles_and_function_calls_tool_calls()
    {
        var record = One("""{"conversations": [{"from": "human", "value": "a"}, {"from": "function_call", "value": "{\"name\": \"f\", \"arguments\": {\"x\": 1}}"}, {"from": "observation", "value": "2"}, {"from": "gpt", "value": "b"}], "system": "s", "tools": "[]"}""");

        Assert.Equal(["system", "user", "assistant", "tool", "assistant"], record.Messages!.Select(m => m.Role));
        Assert.Equal(1, (int?)record.Messages![2].Extra!["tool_calls"]![0]!["function"]!["arguments"]!["x"]);
        Assert.Null(record.Tools);
        Assert.Null(record.Extra);
    }

    [Fact]
    public void Alpaca_is_a_conversation_with_instruction_and_input_as_the_users_turn()
    {
        var record = One("""{"instruction": "Add", "input": "1 2", "output": "3", "history": [["q", "a"]]}""");

        Assert.Equal(RecordShape.ConversationalPromptCompletion, record.Shape);
        Assert.Equal(["q", "a", "Add\n1 2"], record.Messages!.Select(m => m.Content));
        Assert.Equal("3", Assert.Single(record.CompletionMessages!).Content);
        Assert.Equal("Add", One("""{"instruction": "Add", "input": "", "output": "3"}""").Messages![0].Content);
    }

    [Theory]
    [InlineData("""{"prompt": "p", "completion": "c"}""")]
    [InlineData("""{"prompt": "p", "response": "c"}""")]
    [InlineData("""{"question": "p", "answer": "c"}""")]
    public void Prompt_and_completion_under_their_usual_names(string json)
    {
        var record = One(json);
        Assert.Equal((RecordShape.PromptCompletion, "p", "c"), (record.Shape, record.Prompt, record.Completion));
    }

    [Fact]
    public void Prompt_and_completion_as_messages()
    {
        var record = One("""{"prompt": [{"role": "user", "content": "p"}], "completion": [{"role": "assistant", "content": "c"}]}""");
        Assert.Equal(RecordShape.ConversationalPromptCompletion, record.Shape);
        Assert.Equal(("p", "c"), (record.Messages![0].Content, record.CompletionMessages![0].Content));
    }

    [Fact]
    public void Field_mapping_from_the_configuration()
    {
        var options = DatasetReaderOptions.FromConfig(new DataConfig { PromptField = "q", CompletionField = "a" }) with { Strict = true };
        var record = One("""{"q": "p", "a": "c", "text": "t"}""", options);
        Assert.Equal(("p", "c", "t"), (record.Prompt, record.Completion, (string?)record.Extra!["text"]));
    }

    [Fact]
    public void Preference_with_and_without_a_prompt()
    {
        var whole = One("""{"chosen": "\n\nHuman: q\n\nAssistant: yes", "rejected": "\n\nHuman: q\n\nAssistant: no"}""");
        Assert.Equal((RecordShape.Preference, null), (whole.Shape, whole.Prompt));
        var extracted = PreferencePrompt.Extract(whole);
        Assert.Equal(("\n\nHuman: q\n\nAssistant:", " yes", " no"), (extracted.Prompt, extracted.Chosen, extracted.Rejected));

        var given = One("""{"prompt": "q", "chosen": "yes", "rejected": "no", "score": 0.5}""");
        Assert.Equal(("q", "yes", "no", 0.5), (given.Prompt, given.Chosen, given.Rejected, (double?)given.Extra!["score"]));
        Assert.Same(given, PreferencePrompt.Extract(given));
    }

    [Fact]
    public void Preference_as_messages_with_the_prompt_repeated_in_both_answers()
    {
        var record = One("""{"prompt": "q", "chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "yes"}], "rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "no"}]}""");
        Assert.Equal("q", Assert.Single(record.Messages!).Content);
        Assert.Equal("yes", Assert.Single(record.ChosenMessages!).Content);
        Assert.Equal("no", Assert.Single(record.RejectedMessages!).Content);

        record = One("""{"conversations": [{"from": "human", "value": "q"}], "chosen": {"from": "gpt", "value": "yes"}, "rejected": {"from": "gpt", "value": "no"}}""");
        Assert.Equal(("q", "yes", "no"), (record.Messages![0].Content, record.ChosenMessages![0].Content, record.RejectedMessages![0].Content));
    }

    [Theory]
    [InlineData("""{"text": "t", "label": "spam"}""", "spam")]
    [InlineData("""{"text": "t", "label": 1}""", "1")]
    [InlineData("""{"text": "t", "label": true}""", "true")]
    [InlineData("""{"sentence": "t", "label": 0.50}""", "0.50")]
    [InlineData("""{"text": "t", "category": "card"}""", "card")]
    public void Classification_labels_stay_as_written(string json, string label)
    {
        var record = One(json);
        Assert.Equal((RecordShape.Classification, "t", label), (record.Shape, record.Text, record.Label));
    }

    [Fact]
    public void Several_labels()
    {
        var record = One("""{"text": "t", "labels": ["a", "b"]}""");
        Assert.Equal(["a", "b"], record.Labels!);
        Assert.Null(record.Label);
    }

    [Fact]
    public void A_category_beside_other_fields_is_not_a_label()
    {
        var record = One("""{"text": "t", "category": "c", "url": "u"}""");
        Assert.Equal(RecordShape.Text, record.Shape);
    }

    [Fact]
    public void Token_classification_keeps_tags_even_if_their_number_differs()
    {
        var record = One("""{"tokens": ["New", "York"], "ner_tags": ["B-LOC", 2, "O"]}""");
        Assert.Equal(RecordShape.TokenClassification, record.Shape);
        Assert.Equal(["New", "York"], record.Tokens!);
        Assert.Equal(["B-LOC", "2", "O"], record.Tags!);
    }

    [Theory]
    [InlineData("""{"text": 5}""", "field 'text' holds the number 5 where text is expected")]
    [InlineData("""{"prompt": "p", "completion": {"a": 1}}""", "field 'completion' holds an object where text is expected")]
    [InlineData("""{"messages": "hello"}""", "field 'messages' holds text where a list of messages is expected")]
    [InlineData("""{"messages": []}""", "field 'messages' holds no message")]
    [InlineData("""{"messages": [{"content": "x"}]}""", "message 1 of 'messages' has no role")]
    [InlineData("""{"messages": [{"role": "user", "content": 3}]}""", "message 1 of 'messages' holds the number 3 where text is expected")]
    [InlineData("""{"messages": [{"role": "user"}]}""", "message 1 of 'messages' has no content")]
    [InlineData("""{"text": "\ud800"}""", "field 'text' holds half of a surrogate pair (an escape such as \\ud800 alone)")]
    [InlineData("""[1, 2]""", "a record must be an object, this is a list")]
    public void What_is_wrong_with_a_line_is_said_with_file_and_line(string json, string reason)
    {
        var error = Assert.Throws<TrainToolsException>(() => One("\n" + json));
        Assert.Equal(ErrorIds.DatasetLineInvalid, error.ErrorId);
        Assert.Equal($"{_folder.File("a.jsonl")}(2): {reason}", error.Message);
    }

    [Fact]
    public void An_unknown_shape_names_the_fields()
    {
        var error = Assert.Throws<TrainToolsException>(() => One("""{"foo": 1, "bar": 2}"""));
        Assert.Equal(ErrorIds.DatasetShapeUnknown, error.ErrorId);
        Assert.Contains("foo, bar", error.Message, StringComparison.Ordinal);
        Assert.Contains("prompt_field", error.Remedy, StringComparison.Ordinal);
        error = Assert.Throws<TrainToolsException>(() => One("""{"foo": 1, "bar": 2}""", new()));
        Assert.Equal(ErrorIds.DatasetShapeUnknown, error.ErrorId);
    }

    [Fact]
    public void A_given_shape_wins_over_the_fields()
    {
        var record = One("""{"text": "t", "label": 1}""", new() { Shape = DatasetFormat.Text, Strict = true });
        Assert.Equal(RecordShape.Text, record.Shape);
        Assert.Equal(1, (int?)record.Extra!["label"]);
    }
}
