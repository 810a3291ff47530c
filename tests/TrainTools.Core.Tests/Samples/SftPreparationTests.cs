using System.Text.Json;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Samples;
using TrainTools.Core.Tests.Tokenization;
using TrainTools.Core.Tokenization;
using TrainTools.Core.Tokenization.Chat;

namespace TrainTools.Core.Tests.Samples;

/// <summary>Against what TRL's SFTTrainer prepared and collated for the same rows.</summary>
public sealed class SftPreparationTests : IDisposable
{
    private static readonly JsonElement Golden = TestData.Json("Samples", "sft_cases.json");
    private static readonly PretrainedTokenizer Tokenizer = TokenizerData.Load("bytelevel_bpe");
    private readonly string folder = Directory.CreateTempSubdirectory("traintools-test-").FullName;

    public static TheoryData<string> Cases => [.. Golden.EnumerateArray().Select(c => c.GetProperty("case").GetString()!)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Ids_labels_and_batches_are_trls(string name)
    {
        var item = Golden.EnumerateArray().Single(c => c.GetProperty("case").GetString() == name);
        var prepared = Prepare(item);

        var expected = item.GetProperty("prepared");
        Assert.Equal(expected.EnumerateArray().Select(p => p.GetProperty("input_ids").Ints()), prepared.Samples.Select(s => s.InputIds));
        Assert.Equal(expected.EnumerateArray().Select(p => p.GetProperty("labels").Ints()), prepared.Samples.Select(s => s.Labels));
        if (expected[0].TryGetProperty("seq_lengths", out _))
        {
            Assert.Equal(expected.EnumerateArray().Select(p => p.GetProperty("seq_lengths").Ints()), prepared.Samples.Select(s => s.DocumentLengths));
        }

        var size = (int?)item.GetProperty("args").OptionalDouble("per_device_train_batch_size") ?? 2;
        var batches = prepared.Samples.Chunk(size).Select(b => new SampleCollator(0).Collate(b)).ToList();
        Assert.Equal(item.GetProperty("batches").GetArrayLength(), batches.Count);
        foreach (var (batch, golden) in batches.Zip(item.GetProperty("batches").EnumerateArray()))
        {
            Assert.Equal(Flat(golden, "input_ids"), batch.InputIds);
            Assert.Equal(Flat(golden, "labels"), batch.Labels);
            if (golden.TryGetProperty("position_ids", out _))
            {
                Assert.Equal(Flat(golden, "position_ids"), batch.PositionIds());
            }
            else
            {
                Assert.Equal(Flat(golden, "attention_mask"), batch.AttentionMask());
            }
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private PreparedSamples Prepare(JsonElement item)
    {
        var args = item.GetProperty("args");
        var path = Path.Combine(folder, "rows.jsonl");
        File.WriteAllLines(path, item.GetProperty("rows").EnumerateArray().Select(r => r.GetRawText().ReplaceLineEndings(" ")));
        var options = new SampleOptions
        {
            MaxLength = (int?)args.OptionalDouble("max_length") ?? 256,
            TruncationMode = args.TryGetProperty("truncation_mode", out _) ? TruncationMode.KeepEnd : TruncationMode.KeepStart,
            Packing = Flag(args, "packing") ?? false,
            PackingStrategy = args.TryGetProperty("packing_strategy", out var strategy)
                ? Enum.Parse<PackingStrategy>(strategy.GetString()!.Replace("_", ""), ignoreCase: true) : PackingStrategy.Bfd,
            AssistantOnlyLoss = Flag(args, "assistant_only_loss") ?? false,
            CompletionOnlyLoss = Flag(args, "completion_only_loss"),
        };
        var template = new ChatTemplate(Tokenizer.ChatTemplate!, ChatTokens.Of(Tokenizer));
        return new SamplePreparation(new SampleEncoder(Tokenizer, options, template), options).Prepare(new DatasetReader(new DatasetReaderOptions { Strict = true }).Read(path));
    }

    private static bool? Flag(JsonElement args, string name) => args.TryGetProperty(name, out var value) ? value.GetBoolean() : null;

    private static IEnumerable<long> Flat(JsonElement batch, string name) => batch.GetProperty(name).IntRows().SelectMany(r => r).Select(i => (long)i);
}
