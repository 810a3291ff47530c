using System.Text.Json;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Schedules;

namespace TrainTools.Core.Tests.Schedules;

/// <summary>Against the rates that transformers' own schedulers gave, update by update.</summary>
public class LearningRateScheduleTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, TestData.Json("Schedules", "schedules.json").GetProperty("cases").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_rate_is_the_one_transformers_uses(int index)
    {
        var item = TestData.Json("Schedules", "schedules.json").GetProperty("cases")[index];
        var kwargs = item.GetProperty("kwargs");
        var schedule = new LearningRateSchedule(new ScheduleOptions
        {
            Type = Enum.Parse<LrSchedulerType>(item.GetProperty("name").GetString()!.Replace("_", ""), ignoreCase: true),
            LearningRate = item.GetProperty("base_lr").GetDouble(),
            WarmupSteps = item.GetProperty("warmup_steps").GetInt32(),
            TotalSteps = item.GetProperty("total_steps").GetInt32(),
            MinLr = kwargs.OptionalDouble("min_lr"),
            MinLrRate = kwargs.OptionalDouble("min_lr_rate") ?? kwargs.OptionalDouble("min_lr_ratio"),
            WarmupLrRate = kwargs.OptionalDouble("warmup_lr_rate"),
            NumCycles = kwargs.OptionalDouble("num_cycles"),
            Power = kwargs.OptionalDouble("power") ?? 1,
            LrEnd = kwargs.OptionalDouble("lr_end") ?? 1e-7,
            Timescale = (int?)kwargs.OptionalDouble("timescale"),
            NumDecaySteps = (int?)kwargs.OptionalDouble("num_decay_steps"),
            WarmupShape = Shape(kwargs, "warmup_type", RampShape.Linear),
            DecayShape = Shape(kwargs, "decay_type", RampShape.Cosine),
        });

        var expected = item.GetProperty("lr").Doubles();
        for (var step = 0; step < expected.Length; step++)
        {
            var actual = schedule.At(step);
            Assert.True(
                Math.Abs(actual - expected[step]) <= 1e-9 * Math.Abs(expected[step]),
                $"{item.GetProperty("name")} {kwargs} step {step}: {actual:R} instead of {expected[step]:R}");
        }
    }

    [Fact]
    public void Warmup_rounds_as_training_arguments_do()
    {
        foreach (var item in TestData.Json("Schedules", "schedules.json").GetProperty("get_warmup_steps").EnumerateArray())
        {
            Assert.Equal(
                item.GetProperty("warmup_steps").GetInt32(),
                Warmup.Steps(item.GetProperty("warmup_steps_arg").GetDouble(), item.GetProperty("total_steps").GetInt32()));
        }
    }

    [Theory]
    [InlineData(5, 0.5, 100, 5)]
    [InlineData(0, 0.1, 33, 4)]
    [InlineData(null, 0.1, 33, 4)]
    [InlineData(null, null, 33, 0)]
    public void A_number_of_warmup_steps_wins_over_the_ratio(int? steps, double? ratio, int total, int expected) =>
        Assert.Equal(expected, Warmup.Steps(steps, ratio, total));

    [Fact]
    public void Plateau_divides_by_ten_after_eleven_evaluations_without_progress()
    {
        var schedule = new LearningRateSchedule(Options(LrSchedulerType.ReduceLrOnPlateau));
        double[] stuck = [1.0, .. Enumerable.Repeat(1.0, 10)];
        Assert.Equal(1e-3, schedule.At(50, stuck));
        Assert.Equal(1e-4, schedule.At(50, [.. stuck, 1.0]), 1e-15);
        Assert.Equal(1e-3, schedule.At(50, [.. stuck, 0.5]));
        Assert.Equal(1e-4, schedule.At(50, [.. Enumerable.Repeat(double.NaN, 11)]), 1e-15);
    }

    [Fact]
    public void Greedy_raises_the_rate_while_the_metric_improves_and_lowers_it_while_it_does_not()
    {
        var schedule = new LearningRateSchedule(Options(LrSchedulerType.Greedy) with { MinLr = 1e-6 });
        double[] improving = [.. Enumerable.Range(0, 11).Select(i => 1.0 - (0.01 * i))];
        Assert.Equal(1e-3, schedule.At(5, improving[..10]));
        Assert.Equal(1e-3 / 0.95, schedule.At(5, improving), 1e-15);
        Assert.Equal(1e-3 * 0.95, schedule.At(5, [1.0, .. Enumerable.Repeat(1.0, 11)]), 1e-15);
    }

    [Theory]
    [InlineData(LrSchedulerType.CosineWithMinLr)]
    [InlineData(LrSchedulerType.CosineWarmupWithMinLr)]
    [InlineData(LrSchedulerType.WarmupStableDecay)]
    public void Missing_settings_are_one_clear_error(LrSchedulerType type)
    {
        var error = Assert.Throws<TrainToolsException>(() => new LearningRateSchedule(Options(type)));
        Assert.Equal(ErrorIds.ConfigValueInvalid, error.ErrorId);
        Assert.NotNull(error.Remedy);
    }

    [Fact]
    public void A_polynomial_must_end_below_its_start() =>
        Assert.Throws<TrainToolsException>(() => new LearningRateSchedule(Options(LrSchedulerType.Polynomial) with { LrEnd = 1 }));

    private static ScheduleOptions Options(LrSchedulerType type) => new() { Type = type, LearningRate = 1e-3, WarmupSteps = 0, TotalSteps = 100 };

    private static RampShape Shape(JsonElement kwargs, string name, RampShape fallback) =>
        !kwargs.TryGetProperty(name, out var value) ? fallback : value.GetString() switch
        {
            "linear" => RampShape.Linear,
            "cosine" => RampShape.Cosine,
            _ => RampShape.OneMinusSqrt,
        };
}
