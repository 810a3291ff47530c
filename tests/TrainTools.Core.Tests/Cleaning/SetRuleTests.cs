using TrainTools.Core.Cleaning;
using TrainTools.Core.Data;
using TrainTools.Core.Data.Writing;
using TrainTools.Core.Errors;
using TrainTools.Core.Tests.Datasets;
using static TrainTools.Core.Cleaning.CleaningAction;
using static TrainTools.Core.Tests.Cleaning.CleaningCase;

namespace TrainTools.Core.Tests.Cleaning;

/// <summary>Rules that look at all records together.</summary>
public class SetRuleTests
{
    private const string Long = "The old lighthouse keeper climbed the winding stairs each night to light the lamp that guided the ships safely past the rocks.";

    private static string Label(string text, string label) => System.Text.Json.JsonSerializer.Serialize(new { text, label });

    private static string Preference(string chosen, string rejected) => System.Text.Json.JsonSerializer.Serialize(new { prompt = "Which?", chosen, rejected });

    [Fact]
    public void Exact_duplicates_are_equal_but_for_case_and_white_space_and_digits_count()
    {
        using var run = Run(new() { Include = ["duplicate.exact"] }, Pair("Say  Hello.", "Hi 1!"), Pair("say hello. ", "hi 1!"), Pair("Say hello.", "Hi 2!"), Pair("Say hello", "Hi 1!"));
        Assert.Equal([(1L, "duplicate.exact", Remove)], run.Acting());
        Assert.Equal(0, run.Verdicts.Single().EvidenceIndex);
    }

    [Theory]
    [InlineData(KeepPolicy.First, 0)]
    [InlineData(KeepPolicy.Longest, 2)]
    public void Which_near_duplicate_stays_is_a_policy(KeepPolicy keep, int kept)
    {
        using var run = Run(new() { Include = ["duplicate"], Keep = keep }, Pair("Tell.", Long), Pair("Tell.", Long.Replace("old", "odd", StringComparison.Ordinal)), Pair("Tell.", Long + " So."));
        Assert.Equal([kept], run.KeptRecords().Select(r => (int)r.Index));
        Assert.All(run.Verdicts.Where(v => v.Action == Remove), v => Assert.Equal(kept, v.EvidenceIndex));
    }

    [Fact]
    public void The_same_exercise_with_other_numbers_is_a_variant_and_stays()
    {
        using var run = Run(new() { Include = ["duplicate"] }, Pair("A farmer has 12 cows and 7 pigs in the barn. How many animals has the farmer?", "19"), Pair("A farmer has 15 cows and 8 pigs in the barn. How many animals has the farmer?", "23"));
        Assert.Equal(2, run.Kept);
        Assert.DoesNotContain(run.Acting(), v => v.Rule == "duplicate.near");
    }

    [Theory]
    [InlineData(ConflictPolicy.Majority, new[] { 0, 1, 2 })]
    [InlineData(ConflictPolicy.First, new[] { 0, 1, 2 })]
    [InlineData(ConflictPolicy.DropAll, new int[0])]
    [InlineData(ConflictPolicy.None, new[] { 0, 1, 2, 3 })]
    public void A_text_with_two_labels_is_a_conflict(ConflictPolicy policy, int[] kept)
    {
        var options = new CleaningOptions { Profile = CleaningProfile.Classification, Include = ["conflict.label"], Conflicts = policy };
        using var run = Run(options, Label("good film", "pos"), Label("Good film", "pos"), Label("good  film", "pos"), Label("good film", "neg"));
        Assert.Equal(kept, run.KeptRecords().Select(r => (int)r.Index));
        Assert.Contains(run.Acting(), v => v is (3, "conflict.label", _));
    }

    [Fact]
    public void Closed_answers_conflict_and_open_ones_are_told_apart()
    {
        using var run = Run(
            new() { Include = ["conflict"] },
            Pair("What is 6 x 7?", "Six sevens.\n#### 42"), Pair("What is 6 x 7?", "Let us count the sevens.\n#### 41"),
            Pair("Tell a story.", "Once upon a time a fox met a crow in the woods."), Pair("Tell a story.", "A long time ago the sea was sweet, until a giant wept."));
        Assert.Equal([(0L, "conflict.answer", Flag), (1L, "conflict.answer", Flag)], run.Acting());
        Assert.Equal([2L, 3], run.Verdicts.Where(v => v.Rule == "conflict.multi_answer").Select(v => v.Index));
        Assert.Equal(4, run.Kept);
    }

    [Fact]
    public void Preferences_may_not_contradict_each_other_or_go_in_circles()
    {
        var options = new CleaningOptions { Profile = CleaningProfile.Preference, Include = ["conflict", "structure.chosen_equals_rejected"] };
        using var run = Run(options, Preference("a a", "b b"), Preference("B b", "a  a"), Preference("same", "Same "), Preference("c", "d"), Preference("d", "e"), Preference("e", "c"), Preference("f", "g"));
        Assert.Equal(
            [(0L, "conflict.preference"), (1, "conflict.preference"), (2, "structure.chosen_equals_rejected"), (3, "conflict.cycle"), (4, "conflict.cycle"), (5, "conflict.cycle")],
            run.Acting().Select(v => (v.Index, v.Rule)));
        Assert.Equal([6L], run.KeptRecords().Select(r => r.Index));
    }

    [Fact]
    public void An_answer_of_odd_length_is_flagged_by_the_fences_of_the_set()
    {
        var lines = Plain(60).Append(Pair("Write about everything there is.", string.Join(' ', Enumerable.Range(0, 900).Select(i => $"word{i}")) + ".")).ToArray();
        using var run = Run(new() { Include = ["length.odd_answer"] }, lines);
        Assert.Contains((60L, "length.odd_answer", Flag), run.Acting());
        Assert.All(run.Verdicts, v => Assert.True(v.Value > 1.5));
    }

    [Fact]
    public void An_answer_without_an_end_stands_out_where_the_others_have_one()
    {
        var lines = Plain(60).Append(Pair("Write about the sea.", "The sea was wide and the boat was small and then the wind came up from")).ToArray();
        using var run = Run(new() { Include = ["structure.cut_off"] }, lines);
        Assert.Equal([(60L, "structure.cut_off", Flag)], run.Acting());
    }

    [Fact]
    public void Running_text_is_held_against_running_text_and_lists_against_lists()
    {
        var lists = Enumerable.Range(0, 60).Select(i => Pair($"Name some, {i}.", $"Iron, copper, silver, gold, tin, zinc, lead, nickel and number {i}"));
        var prose = Enumerable.Range(0, 60).Select(i => Pair($"Tell me, {i}.", $"Metals conduct heat. They shine when they are polished, and number {i} is the one that I like."));
        string[] lines = [.. lists, .. prose, Pair("Tell me more.", "Metals conduct heat. They shine when they are polished and then they")];
        using var run = Run(new() { Include = ["structure.cut_off"] }, lines);
        Assert.Equal([(120L, "structure.cut_off", Flag)], run.Acting());
    }

    [Fact]
    public void A_last_word_that_occurs_nowhere_else_is_taken_for_a_part_of_one()
    {
        string[] lines = [.. Enumerable.Range(0, 600).Select(i => Pair($"Name some, {i}.", $"Iron, copper, silver, gold, tin, zinc, lead, nickel, number {i} and so on")), Pair("Name more.", "Iron, copper, silver, gold, tin, zinc, lead and cop")];
        using var run = Run(new() { Include = ["structure.cut_off"] }, lines);
        Assert.Equal([(600L, "structure.cut_off", Flag)], run.Acting());
        Assert.Contains("last word", run.Verdicts.Single().Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_leaked_record_with_edited_words_is_near_and_one_with_other_numbers_is_not()
    {
        using var folder = new TempFolder();
        const string Numbers = "Tom buys 12 apples for 3 dollars each and sells them for 5 dollars each: how many dollars does he earn?";
        var evaluation = folder.Write("eval.jsonl", Pair(Long, "Yes.") + "\n" + Pair(Numbers, "24") + "\n");
        var options = new CleaningOptions { Include = ["contamination"], EvaluationPaths = [evaluation] };
        var edited = Long.Replace("keeper", "keepar", StringComparison.Ordinal).Replace("each", "eech", StringComparison.Ordinal).Replace("lamp", "lanp", StringComparison.Ordinal);
        using var run = Run(options, Pair(edited, "x"), Pair(Numbers.Replace("12", "47", StringComparison.Ordinal).Replace("3 dollars", "6 dollars", StringComparison.Ordinal).Replace("5 dollars", "9 dollars", StringComparison.Ordinal), "x"), Pair("The old lighthouse keeper climbed a tree.", "x"));
        Assert.Equal([(0L, "contamination.near", Remove)], run.Acting().Where(v => v.Action == Remove && v.Rule == "contamination.near"));
        Assert.DoesNotContain(run.Verdicts, v => v.Index > 0 && v.Rule == "contamination.near");
        Assert.Contains("eval.jsonl(1)", run.Verdicts.Last(v => v.Rule == "contamination.near").Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Records_of_the_evaluation_are_removed_from_training()
    {
        using var folder = new TempFolder();
        var evaluation = folder.Write("eval.jsonl", Pair(Long, "Yes.") + "\n" + Pair("Two words?", "No.") + "\n");
        var options = new CleaningOptions { Include = ["contamination"], EvaluationPaths = [evaluation] };
        using var run = Run(options, Pair("Read this: " + Long.ToUpperInvariant() + " Did you?", "I did."), Pair("two words", "x"), Pair("Two other words?", "x"), Pair("The old lighthouse keeper climbed a tree.", "x"));
        Assert.Equal([0L, 1], run.Acting().Where(v => v.Action == Remove).Select(v => v.Index));
        Assert.Contains("eval.jsonl(1)", run.Verdicts.First().Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluation_files_are_read_by_the_named_fields_where_they_have_them_and_bad_lines_are_told()
    {
        using var folder = new TempFolder();
        var problems = new List<DatasetProblem>();
        var options = new CleaningOptions
        {
            Include = ["contamination"],
            EvaluationPaths = [folder.Write("named.jsonl", $$"""{"q": "{{Long}}", "prompt": "another", "a": "Yes."}""" + "\nnot JSON\n"), folder.Write("usual.jsonl", Pair("Two words?", "No."))],
            EvaluationReader = new() { PromptField = "q", CompletionField = "a", OnProblem = problems.Add },
        };
        using var run = Run(options, Pair(Long, "x"), Pair("two words", "x"), Pair("another", "x"));
        Assert.Equal([0L, 1], run.Acting().Where(v => v.Action == Remove).Select(v => v.Index));
        Assert.Equal(2, Assert.Single(problems).Line);
    }

    [Theory]
    [InlineData("How do I know when my card will arrive?", "How do I know when my card will expire?", false)]
    [InlineData("How long will it take to get to me?", "Some money went to a friend. How long will it take to get to her?", false)]
    [InlineData("Identify which animal species is alive or extinct: Theropod, Pronghorn", "Identify which animal species is alive or extinct: Aurochs, Macaw", false)]
    [InlineData("How do I know when my card will arrive?", "Hello! How do I know when my card will arrive? Thanks.", true)]
    [InlineData("Can I reactivate a card I thought I had lost?", "How do I reactivate a card I thought I had lost?", true)]
    public void A_short_question_is_leaked_when_it_is_there_as_a_whole_or_nearly_letter_by_letter(string question, string record, bool leaked)
    {
        using var folder = new TempFolder();
        var options = new CleaningOptions { Include = ["contamination"], EvaluationPaths = [folder.Write("eval.jsonl", Pair(question, "x"))] };
        using var run = Run(options, Pair(record, "y"));
        Assert.Equal(leaked ? 1 : 0, run.Removed);
    }

    [Fact]
    public void Flipped_labels_are_suspected_by_the_built_in_classifier()
    {
        string[] good = ["lovely", "great", "wonderful", "charming", "brilliant"];
        string[] bad = ["awful", "boring", "dreadful", "clumsy", "terrible"];
        var random = new Random(5);
        string Text(string[] words) => $"a {words[random.Next(5)]} and {words[random.Next(5)]} film, {words[random.Next(5)]} acting {random.Next(1000)}";
        var lines = Enumerable.Range(0, 400).Select(i => Label(Text(i % 2 == 0 ? good : bad), (i % 2 == 0) ^ (i is 10 or 33 or 200 or 301) ? "pos" : "neg")).ToArray();
        using var run = Run(new() { Profile = CleaningProfile.Classification, Include = ["label.error"] }, lines);
        Assert.Equal([10L, 33, 200, 301], run.Acting().Select(v => v.Index));
        Assert.Contains("rather", run.Verdicts.First().Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Scores_are_written_into_the_records_easy_first()
    {
        using var run = Run(new() { Include = ["duplicate.exact"], Score = ScoreKind.Length, OrderByScore = true }, Pair("a", "one two three"), Pair("b", "one"), Pair("c", "one two"));
        var kept = run.KeptRecords().ToList();
        Assert.Equal([1L, 2, 0], kept.Select(r => r.Index));
        Assert.Equal([1.0, 2, 3], kept.Select(r => (double)r.Extra![CleaningRun.ScoreField]!));
    }

    [Theory]
    [InlineData("2.5\n{\"loss\": 0.5}\n", "2 losses")]
    [InlineData("1\n2\n3\n4\n", "4 losses")]
    public void A_loss_file_has_one_loss_a_record(string losses, string reason)
    {
        using var folder = new TempFolder();
        var options = new CleaningOptions { Score = ScoreKind.Loss, OrderByScore = true, LossPath = folder.Write("loss.txt", losses) };
        var error = Assert.Throws<TrainToolsException>(() => Run(options, Pair("a", "x."), Pair("b", "y."), Pair("c", "z.")));
        Assert.Equal(ErrorIds.CleaningOptionInvalid, error.ErrorId);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);

        options = options with { LossPath = folder.Write("right.txt", "2.5\n{\"loss\": 0.5}\n1\n") };
        using var run = Run(options, Pair("a", "x."), Pair("b", "y."), Pair("c", "z."));
        Assert.Equal([1L, 2, 0], run.KeptRecords().Select(r => r.Index));
    }

    [Fact]
    public void Threads_and_memory_change_nothing()
    {
        var lines = Plain(3000).Concat(Plain(3000).Select((l, i) => i % 3 == 0 ? l.Replace("valley", "volley", StringComparison.Ordinal) : l.ToUpperInvariant().Replace("PROMPT", "prompt", StringComparison.Ordinal).Replace("COMPLETION", "completion", StringComparison.Ordinal))).ToArray();
        var records = Records(lines);
        using var one = Run(new() { Threads = 1 }, records);
        using var four = Run(new() { Threads = 4 }, records);
        using var tight = Run(new() { Threads = 2, MemoryLimit = 16 << 20 }, records);
        Assert.NotEmpty(one.Verdicts);
        Assert.Equal(one.Verdicts, four.Verdicts);
        Assert.Equal(one.Verdicts, tight.Verdicts);
        Assert.Equal(0, one.SpilledBytes);
    }

    [Fact]
    public void The_same_records_are_written_as_the_same_bytes()
    {
        using var folder = new TempFolder();
        var lines = Plain(50).ToArray();
        byte[] Write(string name)
        {
            using var run = Run(new() { Score = ScoreKind.Readability }, lines);
            using var writer = new DatasetWriter(folder.File(name));
            foreach (var record in run.KeptRecords())
            {
                writer.Write(record);
            }

            return File.ReadAllBytes(writer.Complete().FullName);
        }

        Assert.Equal(Write("a.jsonl"), Write("b.jsonl"));
    }
}
