using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Samples;
using TrainTools.Core.Tests.Tokenization;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Tests.Samples;

public class SamplePreparationTests
{
    private static readonly PretrainedTokenizer Tokenizer = TokenizerData.Load("bytelevel_bpe");
    private static readonly int End = Tokenizer.EosTokenId!.Value;

    [Fact]
    public void Rows_that_lose_every_target_are_dropped_and_listed()
    {
        var prepared = Prepare(new SampleOptions { MaxLength = 8 }, PromptCompletion("a", "b"), PromptCompletion(string.Concat(Enumerable.Repeat("word ", 20)), "b"), Text(""));
        Assert.Equal([0L], prepared.Samples.SelectMany(s => s.RecordIndexes));
        Assert.Equal((3, 1), (prepared.Records, prepared.Truncated));
        Assert.Equal([(1L, DropReason.TargetTruncated), (2L, DropReason.NoTarget)], prepared.Dropped.Select(d => (d.RecordIndex, d.Reason)));
        Assert.Equal(("data.jsonl", 2L), (prepared.Dropped[0].File, prepared.Dropped[0].Line));
        Assert.Equal(prepared.Dropped[0].Length - 8, prepared.TokensLost);
    }

    [Fact]
    public void A_kept_target_survives_with_as_much_of_the_prompt_as_fits()
    {
        var prompt = string.Concat(Enumerable.Range(0, 60).Select(i => $"w{i} "));
        var options = new SampleOptions { MaxLength = 12, KeepTarget = true };
        var whole = Prepare(new SampleOptions { MaxLength = null }, PromptCompletion(prompt, "yes")).Samples[0];

        var kept = Prepare(options, PromptCompletion(prompt, "yes")).Samples.Single();
        Assert.Equal(whole.InputIds[^12..], kept.InputIds);
        Assert.Equal(whole.Labels[^12..], kept.Labels);

        // A long target: half a row of prompt before it, and the rest is the target's head.
        var both = Prepare(options, PromptCompletion(prompt, prompt)).Samples.Single();
        Assert.Equal((12, 6), (both.Length, both.SupervisedTokens));

        // Nothing is cut differently where the target survives anyway.
        var fits = PromptCompletion("a b", prompt);
        Assert.Equal(Prepare(options with { KeepTarget = false }, fits).Samples[0].InputIds, Prepare(options, fits).Samples[0].InputIds);
    }

    [Fact]
    public void A_prompt_that_ends_inside_a_token_is_counted_and_named()
    {
        // "The" is one token.
        var prepared = Prepare(new SampleOptions(), PromptCompletion("The", " fox"), PromptCompletion("Th", "e fox"));
        Assert.Equal(1, prepared.PromptSplits);
        Assert.Equal("data.jsonl(2)", prepared.FirstPromptSplit);
    }

    [Fact]
    public void The_end_token_is_added_once()
    {
        var prepared = Prepare(new SampleOptions(), Text("Hello"), Text("Hello" + Tokenizer.EosToken));
        Assert.Equal(prepared.Samples[0].InputIds, prepared.Samples[1].InputIds);
        Assert.Equal(End, prepared.Samples[0].InputIds[^1]);
        Assert.NotEqual(End, prepared.Samples[0].InputIds[^2]);
    }

    [Fact]
    public void Many_records_keep_their_order_on_many_threads()
    {
        TrainingRecord[] records = [.. Enumerable.Range(0, 5000).Select(i => Text($"number {i}"))];
        var prepared = Prepare(new SampleOptions(), records);
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => (long)i), prepared.Samples.Select(s => s.RecordIndexes[0]));
        Assert.Equal(Tokenizer.Encode("number 4321" + Tokenizer.EosToken), prepared.Samples[4321].InputIds);
    }

    [Fact]
    public void Packing_keeps_every_token_of_records_that_fit()
    {
        TrainingRecord[] records = [.. Enumerable.Range(0, 2500).Select(i => Text(string.Concat(Enumerable.Repeat("ab ", i % 9))))];
        var apart = Prepare(new SampleOptions { MaxLength = 64 }, records);
        foreach (var strategy in Enum.GetValues<PackingStrategy>())
        {
            var packed = Prepare(new SampleOptions { MaxLength = 64, Packing = true, PackingStrategy = strategy }, records);
            Assert.True(packed.Samples.Count * 3 < apart.Samples.Count);
            Assert.All(packed.Samples, s => Assert.InRange(s.Length, 1, 64));

            // An empty text leaves only its end token: nothing to predict apart, still a document of a pack.
            Assert.Equal(apart.Tokens + apart.Dropped.Count, packed.Tokens);
        }
    }

    private static TrainingRecord Text(string text) => new() { Shape = RecordShape.Text, Text = text };

    private static TrainingRecord PromptCompletion(string prompt, string completion) => new() { Shape = RecordShape.PromptCompletion, Prompt = prompt, Completion = completion };

    private static PreparedSamples Prepare(SampleOptions options, params TrainingRecord[] records) =>
        new SamplePreparation(new SampleEncoder(Tokenizer, options), options).Prepare(records.Select((r, i) => r with { Index = i, SourceFile = "data.jsonl", SourceLine = i + 1 }));
}
