using System.Text.Json;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Schedules;
using TrainTools.Core.Training;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Against real runs of transformers' Trainer, step by step.</summary>
public class TrainerRunsTests
{
    private static readonly JsonElement Runs = TrainingHarness.Json("trainer", "trainer_runs.json");

    public static TheoryData<string> DecoderRuns => [.. Runs.EnumerateArray().Where(r => r.GetProperty("model").GetString() == "llama").Select(r => r.GetProperty("case").GetString()!)];

    [Theory]
    [MemberData(nameof(DecoderRuns))]
    public void Losses_norms_rates_and_weights_are_the_trainers(string name)
    {
        var run = Runs.EnumerateArray().Single(r => r.GetProperty("case").GetString() == name);
        var args = run.GetProperty("args");
        var rows = TrainingHarness.Rows(run.GetProperty("rows"));
        var accumulation = (int)Number(args, "gradient_accumulation_steps", 1);
        var plan = StepPlan.Create(
            rows.Count, (int)Number(args, "per_device_train_batch_size", 2), accumulation, Number(args, "num_train_epochs", 1),
            (int)Number(args, "max_steps", 0), args.TryGetProperty("dataloader_drop_last", out _));
        Assert.Equal(run.GetProperty("max_steps").GetInt32(), plan.MaxSteps);
        var schedule = new LearningRateSchedule(new ScheduleOptions
        {
            Type = args.TryGetProperty("lr_scheduler_type", out var type) ? Enum.Parse<LrSchedulerType>(type.GetString()!, ignoreCase: true) : LrSchedulerType.Constant,
            LearningRate = 1e-3,
            WarmupSteps = Warmup.Steps(Number(args, "warmup_steps", 0), plan.MaxSteps),
            TotalSteps = plan.MaxSteps,
        });
        using var harness = new TrainingHarness(
            TrainingHarness.ModelFolder("llama"), Number(args, "weight_decay", 0.01), Number(args, "label_smoothing_factor", 0), Number(args, "max_grad_norm", 1));

        var steps = harness.Train(rows, plan, schedule);

        if (accumulation > 1 && args.TryGetProperty("label_smoothing_factor", out _))
        {
            AssertRightMean(run, rows, steps[0].Outcome.Loss);
            return;
        }

        var interval = (int)Number(args, "logging_steps", 1);
        var logged = steps.Chunk(interval).ToList();
        AssertClose(Doubles(run, "losses"), logged.Select(c => c.Average(s => s.Outcome.Loss)), 1e-4, "loss");
        AssertClose(Doubles(run, "grad_norms"), logged.Select(c => c[^1].Outcome.GradNorm), 1e-3, "gradient norm");
        Assert.Equal(Doubles(run, "learning_rates"), logged.Select(c => c[^1].LearningRate));
        Assert.Equal(Doubles(run, "epochs"), logged.Select((_, i) => plan.EpochsDone(Math.Min((i + 1) * interval, plan.MaxSteps))), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal(run.GetProperty("train_loss").GetDouble(), steps.Average(s => s.Outcome.Loss), 1e-3);
        foreach (var expected in run.GetProperty("final_param_norm_sum").EnumerateObject())
        {
            var parameter = harness.Model.Parameters[expected.Name];
            AssertClose([expected.Value[0].GetDouble()], [parameter.norm().ToDouble()], 1e-3, expected.Name);
        }
    }

    /// <summary>
    /// Where it smooths labels the library adds the means of a window's micro-batches instead of averaging over its tokens:
    /// its loss, and with it its gradient, is too large by their number. Ours is the mean over the window's tokens, made here
    /// of the library's own figures: the first micro-batch's mean stands in its run without accumulation.
    /// </summary>
    private static void AssertRightMean(JsonElement run, List<Core.Samples.TrainingSample> rows, double loss)
    {
        var sum = Doubles(run, "losses")[0];
        var first = Doubles(Runs.EnumerateArray().Single(r => r.GetProperty("case").GetString() == "label_smoothing_0.1_ga1"), "losses")[0];
        var tokens = rows.Take(4).Select(r => r.Labels.Skip(1).Count(l => l != -100)).ToArray();
        var (n1, n2) = (tokens[0] + tokens[1], tokens[2] + tokens[3]);
        AssertClose([((n1 * first) + (n2 * (sum - first))) / (n1 + n2)], [loss], 1e-4, "loss");
    }

    private static double Number(JsonElement args, string name, double fallback) => args.TryGetProperty(name, out var value) ? value.GetDouble() : fallback;

    private static double[] Doubles(JsonElement run, string name) => [.. run.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];

    private static void AssertClose(double[] expected, IEnumerable<double> actual, double tolerance, string what)
    {
        var values = actual.ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.True(Math.Abs(values[i] - expected[i]) <= tolerance * Math.Abs(expected[i]), $"{what} {i}: {values[i]:R} instead of {expected[i]:R}");
        }
    }
}
