using System.Text.Json;
using TrainTools.Core.Samples;
using TrainTools.Core.Training;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Against the logs of TRL's SFTTrainer: packed and not, masked and not, with and without accumulation.</summary>
public class SftRunsTests
{
    private static readonly JsonElement Cases = TrainingHarness.Json("trainer", "sft_cases.json");

    /// <summary>All but another loss (dft) and adapters.</summary>
    public static TheoryData<string> Names => [.. Cases.EnumerateArray().Select(c => c.GetProperty("case").GetString()!).Where(n => n is not ("text_dft" or "lora_text"))];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_log_is_trls(string name)
    {
        var item = Cases.EnumerateArray().Single(c => c.GetProperty("case").GetString() == name);
        var args = item.GetProperty("args");
        List<TrainingSample> samples = [.. item.GetProperty("prepared").EnumerateArray().Select((p, i) => new TrainingSample
        {
            InputIds = Ints(p.GetProperty("input_ids")),
            Labels = Ints(p.GetProperty("labels")),
            DocumentLengths = p.TryGetProperty("seq_lengths", out var lengths) ? Ints(lengths) : null,
            RecordIndexes = [i],
        })];
        var plan = StepPlan.Create(samples.Count, Number(args, "per_device_train_batch_size", 2), Number(args, "gradient_accumulation_steps", 1), epochs: 1);
        using var harness = new TrainingHarness(TrainingHarness.ModelFolder("llama"), weightDecay: 0.01);

        var steps = harness.Train(samples, plan);

        var log = item.GetProperty("log");
        Assert.Equal(log.GetArrayLength(), steps.Count);
        for (var i = 0; i < steps.Count; i++)
        {
            Close(log[i], "loss", steps[i].Outcome.Loss, 1e-4);
            Close(log[i], "grad_norm", steps[i].Outcome.GradNorm, 1e-3);
            Assert.Equal(log[i].GetProperty("learning_rate").GetDouble(), steps[i].LearningRate);
            Assert.Equal(log[i].GetProperty("epoch").GetDouble(), plan.EpochsDone(i + 1), 1e-9);
            Assert.Equal(log[i].GetProperty("mean_token_accuracy").GetDouble(), steps[i].Outcome.Accuracy, 1e-2);
        }
    }

    private static void Close(JsonElement log, string name, double actual, double tolerance)
    {
        var expected = log.GetProperty(name).GetDouble();
        Assert.True(Math.Abs(actual - expected) <= tolerance * expected, $"{name} at step {log.GetProperty("step")}: {actual:R} instead of {expected:R}");
    }

    private static int Number(JsonElement args, string name, int fallback) => args.TryGetProperty(name, out var value) ? value.GetInt32() : fallback;

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetInt32())];
}
