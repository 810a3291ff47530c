using System.Text.Json;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Samples;
using TrainTools.Core.Tokenization;
using TrainTools.Core.Tokenization.Chat;
using TrainTools.Core.Training;

namespace TrainTools.Parity.Training;

/// <summary>
/// sft/sft_cases.json with models/llama (and, for the preparation of samples, tokenizers/bytelevel_bpe) beside it: what
/// TRL's SFTTrainer prepared, collated and logged.
/// </summary>
public sealed class SftParitySuite : IParitySuite
{
    /// <inheritdoc/>
    public string Name => "sft";

    /// <inheritdoc/>
    public IEnumerable<ParityCase> Find(string folder)
    {
        foreach (var item in Golden.Read(folder, Name, "sft_cases.json")?.EnumerateArray() ?? default)
        {
            yield return new ParityCase($"{Name}/{item.Text("case")}", () => Compare(item, folder));
        }
    }

    private static IEnumerable<Comparison> Compare(JsonElement item, string folder)
    {
        var args = item.GetProperty("args");
        List<TrainingSample> samples = [.. item.GetProperty("prepared").EnumerateArray().Select((p, i) => new TrainingSample
        {
            InputIds = p.GetProperty("input_ids").Ints(),
            Labels = p.GetProperty("labels").Ints(),
            DocumentLengths = p.TryGetProperty("seq_lengths", out var lengths) ? lengths.Ints() : null,
            RecordIndexes = [i],
        })];
        var tokenizer = Path.Combine(folder, "tokenizers", "bytelevel_bpe");
        if (Directory.Exists(tokenizer))
        {
            var prepared = Prepare(item, args, PretrainedTokenizer.Load(tokenizer));
            yield return Golden.Same("prepared ids", prepared.Select(s => s.InputIds), samples.Select(s => s.InputIds));
            yield return Golden.Same("prepared labels", prepared.Select(s => s.Labels), samples.Select(s => s.Labels));
            yield return Golden.Same("documents", prepared.Select(s => s.DocumentLengths ?? []), samples.Select(s => s.DocumentLengths ?? []));
        }

        var size = (int)args.Number("per_device_train_batch_size", 2);
        var batches = samples.Chunk(size).Select(b => new SampleCollator(0).Collate(b)).ToList();
        var golden = item.GetProperty("batches").EnumerateArray().ToList();
        foreach (var (name, select) in (IEnumerable<(string, Func<SampleBatch, long[]?>)>)[("input_ids", b => b.InputIds), ("labels", b => b.Labels), ("attention_mask", b => b.AttentionMask()), ("position_ids", b => b.PositionIds())])
        {
            if (golden[0].TryGetProperty(name, out _))
            {
                yield return Golden.Same("batches: " + name, batches.Select(b => select(b)!.Select(v => (int)v)), golden.Select(g => g.GetProperty(name).Rows().SelectMany(r => r)));
            }
        }

        // Another loss, and adapters whose start is random: prepared data only.
        if (item.Text("case") is "text_dft" or "lora_text")
        {
            yield break;
        }

        using var scope = torch.NewDisposeScope();
        using var rig = new TrainingRig(Path.Combine(folder, "models", "llama"));
        var plan = StepPlan.Create(samples.Count, size, (int)args.Number("gradient_accumulation_steps", 1), epochs: 1);
        var steps = rig.Train(samples, plan);
        var log = item.GetProperty("log").EnumerateArray().ToList();
        yield return Comparison.Relative("losses", [.. steps.Select(s => s.Outcome.Loss)], [.. log.Select(l => l.Number("loss", 0))], 1e-4);
        yield return Comparison.Relative("gradient norms", [.. steps.Select(s => s.Outcome.GradNorm)], [.. log.Select(l => l.Number("grad_norm", 0))], 1e-3);
        yield return Comparison.Exact("learning rates", steps.Select(s => s.LearningRate).SequenceEqual(log.Select(l => l.Number("learning_rate", 0))));
        yield return Comparison.Relative("epochs", [.. steps.Select((_, i) => plan.EpochsDone(i + 1))], [.. log.Select(l => l.Number("epoch", 0))], 1e-9);
        yield return Comparison.Exact(
            "token accuracy", steps.Zip(log).All(p => Math.Abs(p.First.Outcome.Accuracy - p.Second.Number("mean_token_accuracy", 0)) < 1e-2));
    }

    private static IReadOnlyList<TrainingSample> Prepare(JsonElement item, JsonElement args, PretrainedTokenizer tokenizer)
    {
        using var temporary = new TemporaryFolder();
        var path = Path.Combine(temporary.Path, "rows.jsonl");
        File.WriteAllLines(path, item.GetProperty("rows").EnumerateArray().Select(r => r.GetRawText().ReplaceLineEndings(" ")));
        var options = new SampleOptions
        {
            MaxLength = (int)args.Number("max_length", 256),
            TruncationMode = args.Enum("truncation_mode", TruncationMode.KeepStart),
            Packing = args.Flag("packing") ?? false,
            PackingStrategy = args.Enum("packing_strategy", PackingStrategy.Bfd),
            AssistantOnlyLoss = args.Flag("assistant_only_loss") ?? false,
            CompletionOnlyLoss = args.Flag("completion_only_loss"),
        };
        var encoder = new SampleEncoder(tokenizer, options, new ChatTemplate(tokenizer.ChatTemplate!, ChatTokens.Of(tokenizer)));
        return new SamplePreparation(encoder, options).Prepare(new DatasetReader(new DatasetReaderOptions { Strict = true }).Read(path)).Samples;
    }
}
