using TrainTools.Core.Cleaning;
using TrainTools.Core.Cleaning.LabelErrors;
using TrainTools.Core.Errors;
using static TrainTools.Core.Cleaning.CleaningAction;
using static TrainTools.Core.Tests.Cleaning.CleaningCase;

namespace TrainTools.Core.Tests.Cleaning;

/// <summary>Rules that look at one record by itself.</summary>
public class RecordRuleTests
{
    public static TheoryData<string, string, CleaningAction> Finds => new()
    {
        { Pair("Say hello.", " \n"), "structure.empty_answer", Remove },
        { Pair("", "Hello to you."), "structure.empty_input", Flag },
        { Pair("Say HELLO there.", " say hello  there."), "structure.answer_equals_prompt", Remove },
        { """{"messages":[{"role":"user","content":"Hello?"}]}""", "structure.no_answer", Remove },
        { """{"messages":[{"role":"user","content":"Hello?"},{"role":"user","content":"Hello?"},{"role":"assistant","content":"Hi."}]}""", "structure.role_order", Flag },
        { """{"messages":[{"role":"user","content":"Hello?"},{"role":"assistant","content":"Hi."},{"role":"system","content":"Be kind."},{"role":"assistant","content":"Hi."}]}""", "structure.role_order", Flag },
        { Pair("Say hello.", "Hello.<|im_end|> And more."), "structure.special_token", Flag },
        { Pair("Say hello.", "Hello.\n### Instruction: say more"), "structure.role_marker", Flag },
        { Pair("Say hello.", "I went to the market to buy apples, pears,"), "structure.cut_off", Flag },
        { Pair("Say hello.", "Here is the code:\n```\nprint(1)\n"), "structure.cut_off", Flag },
        { Pair("Count.", string.Concat(Enumerable.Repeat("one two three four ", 40))), "quality.repetition", Remove },
        { Pair("Draw.", "@@@@ #### $$$$ %%%% ^^^^ &&&&"), "quality.few_letters", Flag },
        { Pair("Draw.", "@@@@ #### $$$$ %%%% ^^^^ &&&&"), "quality.symbols", Flag },
        { Pair("Order.", "One cafÃ© crÃ¨me, itâ€™s for me."), "quality.mojibake", Repair },
        { Pair("Order.", "One\u0007 coffee\u0000."), "quality.control", Repair },
        { Pair("Order.", "One caf\ufffd please."), "quality.replacement", Flag },
        { Pair("Order.", "<p>One <b>coffee</b>.</p>"), "quality.html", Flag },
        { Pair("Order.", "Tea&nbsp;&amp; coffee."), "quality.html_entity", Flag },
        { Pair("Order.", "As an AI language model, I do not drink coffee."), "quality.boilerplate", Flag },
        { Pair("Write to whom?", "Write to jane.doe@acme-tools.com today."), "pii.email", Flag },
        { Pair("Call whom?", "Call +44 20 7946 0958 today."), "pii.phone", Flag },
        { Pair("Which host?", "The host is 93.184.216.34 today."), "pii.ip", Flag },
        { Pair("Which card?", "The card is 4111 1111 1111 1111 today."), "pii.card", Flag },
        { Pair("Which account?", "The account is DE89 3704 0044 0532 0130 00 today."), "pii.iban", Flag },
        { Pair("Which key?", "The key is ghp_x7Q2m9Lk4Tz8Vb1Nc5Rd3Fg6Hj0Kp2Sw4Ya9 today."), "pii.secret", Flag },
    };

    [Theory]
    [MemberData(nameof(Finds))]
    public void A_rule_finds_what_it_is_for(string line, string rule, CleaningAction action)
    {
        using var run = Run(new() { Include = [rule] }, line);
        var verdict = Assert.Single(run.Verdicts);
        Assert.Equal((rule, action), (verdict.Rule, verdict.Action));
        Assert.Equal(action == Remove ? 0 : 1, run.Kept);
    }

    public static TheoryData<string> Innocent =>
    [
        Pair("What is 2 + 2?", "4"),
        Pair("Write a tag.", "In HTML a paragraph is <p>text</p> and &amp; is an ampersand."),
        Pair("Write code.", "```python\nx = \"<p>\" # [INST\n```"),
        Pair("Translate: good day.", "Guten Tag, wie geht es Ihnen? Schön, Sie zu sehen – «bonjour» à tous!"),
        Pair("What does 2.0.13 mean?", "Version 2.0.1.3 of 2021-03-04; the private host is 192.168.0.1 and mail goes to a@example.org."),
        Pair("How many?", "The order 4111 1111 1111 1112 has no right check digit, and 1234567 is a count."),
        Pair("Vietnamese?", "ÃO is written with two letters; 20 °C, £5 and 100 % are fine."),
        """{"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"Weather?"},{"role":"assistant","content":null,"tool_calls":[{"name":"w"}]},{"role":"tool","content":"{}"},{"role":"tool","content":"{}"},{"role":"assistant","content":"Fine."}]}""",
    ];

    [Theory]
    [MemberData(nameof(Innocent))]
    public void The_default_profile_finds_nothing_in_ordinary_records(string line)
    {
        using var run = Run(new(), line);
        Assert.Empty(run.Verdicts);
    }

    [Fact]
    public void What_is_repaired_or_masked_goes_on_in_its_new_form_and_nothing_else_changes()
    {
        var options = new CleaningOptions { Actions = new Dictionary<string, CleaningAction> { ["pii.*"] = Mask } };
        using var run = Run(options, Pair("Café?", "One cafÃ© crÃ¨me\u0007, and write to jane@acme-tools.com."), Pair("Plain?", "Plain."));
        var kept = run.KeptRecords().ToList();
        Assert.Equal(["One café crème, and write to [EMAIL].", "Plain."], kept.Select(r => r.Completion));
        Assert.Equal("Café?", kept[0].Prompt);
        Assert.Equal((2, 0, 1), (run.Kept, run.Removed, run.Changed));
    }

    [Theory]
    [InlineData("PÃ©rez said itâ€™s fine", "Pérez said it’s fine")]
    [InlineData("ÐŸÑ€Ð¸Ð²ÐµÑ‚", "Привет")]
    [InlineData("Ã¢â‚¬Å“quotedÃ¢â‚¬\u009d", "“quoted”")]
    [InlineData("naïve Ærø – 5 € ™", "naïve Ærø – 5 € ™")]
    [InlineData("SÃO PAULO", "SÃO PAULO")]
    public void Wrongly_decoded_text_is_decoded_again_and_right_text_stays(string text, string expected)
    {
        using var run = Run(new() { Include = ["quality.mojibake"] }, Pair("x", text));
        Assert.Equal(expected, run.KeptRecords().Single().Completion);
    }

    [Fact]
    public void Lengths_are_held_against_max_length()
    {
        var options = new CleaningOptions { MaxLength = 10, Include = ["length.too_long", "structure.no_supervised_token"] };
        using var run = Run(options, Pair(new string('x', 45), "Yes."), Pair("x", new string('y', 60)), Pair("x", "y"));
        Assert.Equal([(0L, "length.too_long", Flag), (0L, "structure.no_supervised_token", Remove), (1L, "length.too_long", Flag)], run.Acting());
    }

    [Fact]
    public void Language_and_script_are_looked_at_only_when_asked_for()
    {
        string[] lines = [Pair("Where?", "The cat is on the mat and it is not in the house of the man."), Pair("Wo?", "Die Katze ist auf der Matte und nicht in dem Haus, das wir von hier sehen."), Pair("Где?", "Кошка лежит на ковре и не выходит из дома, как это было раньше.")];
        using (var run = Run(new(), lines))
        {
            Assert.Empty(run.Acting());
        }

        using (var run = Run(new() { Languages = ["en"], Scripts = ["Latin"] }, lines))
        {
            Assert.Equal([(1L, "quality.language", Flag), (2L, "quality.language", Flag), (2L, "quality.script", Flag)], run.Acting());
        }
    }

    public static TheoryData<CleaningOptions, string?> ReadOrNot => new()
    {
        { new() { EvaluationPaths = ["e.jsonl"] }, null },
        { new() { EvaluationPaths = ["e.jsonl"], Exclude = ["contamination"] }, "contamination.overlap, contamination.near are off in this run. The evaluation files are not used." },
        { new() { EvaluationPaths = ["e.jsonl"], Exclude = ["contamination.near"] }, null },
        { new() { ProbabilityPath = "p.npy" }, null },
        { new() { ProbabilityPath = "p.npy", Include = ["duplicate"] }, "label.error is off in this run. The file of probabilities is not used." },
        { new() { LabelErrorMethod = LabelErrorMethod.Both }, "label.error is off in this run." },
        { new() { LabelErrorMethod = LabelErrorMethod.Both, Profile = CleaningProfile.Classification }, null },
        { new() { Languages = ["en"], Include = ["pii"] }, "quality.language is off in this run." },
        { new() { MaxLength = 5, Profile = CleaningProfile.Web }, null },
        { new() { MaxLength = 5, Include = ["pii"] }, "The longest length is not used." },
        { new() { Conflicts = ConflictPolicy.First, Profile = CleaningProfile.Web }, "The policy for conflicts is not used." },
        { new() { Thresholds = new Dictionary<string, double> { ["Web.Stop_words"] = 3 } }, "web.stop_words is off in this run. Its threshold is not used." },
        { new() { Thresholds = new Dictionary<string, double> { ["duplicate.near"] = 0.9 } }, null },
    };

    [Theory]
    [MemberData(nameof(ReadOrNot))]
    public void What_no_rule_reads_is_told(CleaningOptions options, string? told)
    {
        if (told is null)
        {
            Assert.Empty(options.Unread());
        }
        else
        {
            Assert.Contains(told, Assert.Single(options.Unread()), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Tagged_sentences_are_repaired_or_removed()
    {
        string[] lines =
        [
            """{"tokens":["Ann","Lee","sings"],"ner_tags":["I-PER","I-PER","O"]}""",
            """{"tokens":["Ann","Lee","sings"],"ner_tags":["B-PER","I-PER"]}""",
            """{"tokens":["Bob","sings"],"ner_tags":["B-PER","O"]}""",
        ];
        using var run = Run(new() { Profile = CleaningProfile.Ner, Include = ["structure"] }, lines);
        Assert.Equal([(0L, "structure.invalid_bio", Repair), (1L, "structure.tag_count", Remove)], run.Acting());
        Assert.Equal([["B-PER", "I-PER", "O"], ["B-PER", "O"]], run.KeptRecords().Select(r => r.Tags!));
    }

    [Fact]
    public void Web_rules_run_in_the_web_profile_only()
    {
        var line = """{"text":"lorem ipsum { dolor"}""";
        using var plain = Run(new(), line);
        Assert.Empty(plain.Acting());
        using var web = Run(new() { Profile = CleaningProfile.Web }, line);
        Assert.Superset(new HashSet<string> { "web.lorem_ipsum", "web.curly_bracket", "web.word_count", "web.sentences" }, web.Acting().Select(v => v.Rule).ToHashSet());
    }

    [Theory]
    [InlineData("no.such_rule", null)]
    [InlineData(null, "no.such_rule")]
    public void An_unknown_rule_is_refused_with_the_known_ones(string? include, string? threshold)
    {
        var options = new CleaningOptions
        {
            Include = include is null ? [] : [include],
            Thresholds = threshold is null ? new Dictionary<string, double>() : new Dictionary<string, double> { [threshold] = 1 },
        };
        var error = Assert.Throws<TrainToolsException>(() => new DatasetCleaner(options));
        Assert.Equal(ErrorIds.CleaningOptionInvalid, error.ErrorId);
        Assert.Contains("duplicate.near", error.Remedy, StringComparison.Ordinal);
    }
}
