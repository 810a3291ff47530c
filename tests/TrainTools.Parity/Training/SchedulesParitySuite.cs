using System.Text.Json;
using TrainTools.Core.Configuration;
using TrainTools.Core.Schedules;
using TrainTools.Core.Training;

namespace TrainTools.Parity.Training;

/// <summary>schedules/schedules.json and trainer/step_arithmetic.json: learning rates, warm-up rounding, steps and epochs.</summary>
public sealed class SchedulesParitySuite : IParitySuite
{
    /// <inheritdoc/>
    public string Name => "schedules";

    /// <inheritdoc/>
    public IEnumerable<ParityCase> Find(string folder)
    {
        if (Golden.Read(folder, Name, "schedules.json") is { } schedules)
        {
            foreach (var (item, index) in schedules.GetProperty("cases").EnumerateArray().Select((c, i) => (c, i)))
            {
                yield return new ParityCase($"{Name}/{index}-{item.Text("name")}", () => [Rates(item)]);
            }

            yield return new ParityCase($"{Name}/warmup", () => [Comparison.Exact("warm-up steps", schedules.GetProperty("get_warmup_steps").EnumerateArray().All(
                w => Warmup.Steps(w.Number("warmup_steps_arg", 0), w.GetProperty("total_steps").GetInt32()) == w.GetProperty("warmup_steps").GetInt32()))]);
        }

        if (Golden.Read(folder, "trainer", "step_arithmetic.json") is { } steps)
        {
            yield return new ParityCase($"{Name}/step_arithmetic", () => [Steps(steps)]);
        }
    }

    private static Comparison Rates(JsonElement item)
    {
        var kwargs = item.GetProperty("kwargs");
        var schedule = new LearningRateSchedule(new ScheduleOptions
        {
            Type = item.Enum("name", LrSchedulerType.Linear),
            LearningRate = item.Number("base_lr", 0),
            WarmupSteps = item.GetProperty("warmup_steps").GetInt32(),
            TotalSteps = item.GetProperty("total_steps").GetInt32(),
            MinLr = kwargs.Optional("min_lr"),
            MinLrRate = kwargs.Optional("min_lr_rate") ?? kwargs.Optional("min_lr_ratio"),
            WarmupLrRate = kwargs.Optional("warmup_lr_rate"),
            NumCycles = kwargs.Optional("num_cycles"),
            Power = kwargs.Number("power", 1),
            LrEnd = kwargs.Number("lr_end", 1e-7),
            Timescale = (int?)kwargs.Optional("timescale"),
            NumDecaySteps = (int?)kwargs.Optional("num_decay_steps"),
            WarmupShape = Shape(kwargs, "warmup_type", RampShape.Linear),
            DecayShape = Shape(kwargs, "decay_type", RampShape.Cosine),
        });
        var expected = item.Doubles("lr");
        return Comparison.Relative("learning rates", [.. expected.Select((_, step) => schedule.At(step))], expected, 1e-9);
    }

    private static Comparison Steps(JsonElement cases)
    {
        var wrong = cases.EnumerateArray().Count(c =>
        {
            var plan = StepPlan.Create(
                c.GetProperty("rows").GetInt32(), c.GetProperty("batch").GetInt32(), c.GetProperty("grad_accum").GetInt32(), c.Number("epochs", 0), dropLast: c.Flag("drop_last")!.Value);
            return plan.MaxSteps != c.Number("max_steps", 0) || plan.UpdatesPerEpoch != c.Number("updates_per_epoch", 0)
                || plan.BatchesPerEpoch != c.Number("batches_per_epoch", 0) || plan.Epochs != c.Number("num_train_epochs", 0);
        });
        return Comparison.Exact($"{cases.GetArrayLength()} combinations", wrong == 0, $"{wrong} differ");
    }

    private static RampShape Shape(JsonElement kwargs, string name, RampShape fallback) =>
        !kwargs.TryGetProperty(name, out var value) ? fallback : value.GetString() switch
        {
            "linear" => RampShape.Linear,
            "cosine" => RampShape.Cosine,
            _ => RampShape.OneMinusSqrt,
        };
}
