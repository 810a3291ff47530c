using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Diagnostics.Probes;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Diagnostics;

public sealed class ProbeTests
{
    [Fact]
    public void A_branch_below_the_run_confirms_that_the_rate_was_too_high()
    {
        var result = ProbeJudge.Judge(Plan(ProbeKind.LowerLearningRate, CauseIds.LearningRateTooHigh, from: 50), Steps(1, 150, s => 3 + (0.01 * s)), Steps(51, 150, s => 3 - (0.005 * (s - 50))));
        Assert.True(result.Confirmed);
        Assert.Contains("was the cause", result.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void A_branch_beside_the_run_rules_the_rate_out()
    {
        var noise = new Random(1);
        var rows = Enumerable.Range(0, 200).Select(_ => noise.NextDouble()).ToArray();
        var result = ProbeJudge.Judge(
            Plan(ProbeKind.LowerLearningRate, CauseIds.LearningRateTooHigh, from: 50), Steps(1, 150, s => 3 + rows[s]), Steps(51, 150, s => 2.99 + rows[s]));
        Assert.False(result.Confirmed);
    }

    [Fact]
    public void A_run_that_was_not_finite_any_more_is_worse_than_any_branch()
    {
        var result = ProbeJudge.Judge(Plan(ProbeKind.LowerLearningRate, CauseIds.LearningRateTooHigh, from: 0), Steps(1, 100, s => s < 10 ? 3 : double.NaN), Steps(1, 100, _ => 3));
        Assert.True(result.Confirmed);
        Assert.False(ProbeJudge.Judge(Plan(ProbeKind.LowerLearningRate, CauseIds.LearningRateTooHigh, from: 0), Steps(1, 100, _ => 3), Steps(1, 100, s => s < 10 ? 3 : double.NaN)).Confirmed);
    }

    [Theory]
    [InlineData(5, 16.0, 2.0, true)]
    [InlineData(5, double.NaN, 2.0, true)]
    [InlineData(5, 16.0, 3.6, null)]
    [InlineData(5, 3.4, 2.0, null)]
    [InlineData(1, 3.5, 2.0, null)]
    public void Of_a_run_that_was_stopped_at_once_the_ends_are_compared(int length, double end, double branchEnd, bool? confirmed)
    {
        var result = ProbeJudge.Judge(Plan(ProbeKind.LowerLearningRate, CauseIds.LearningRateTooHigh, from: 0), Steps(1, length, s => s < 5 ? 3.5 : end), Steps(1, 20, s => s < 15 ? 3.5 : branchEnd));
        Assert.Equal(confirmed, result.Confirmed);
        Assert.Contains(confirmed is true ? "was the cause" : length == 1 ? "too few" : "decides nothing", result.Summary, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CauseIds.PrecisionOverflow, false, true)]
    [InlineData(CauseIds.PrecisionOverflow, true, false)]
    [InlineData(CauseIds.BadRecords, true, true)]
    [InlineData(CauseIds.BadRecords, false, false)]
    public void A_replay_in_fp32_tells_the_number_format_from_the_records(string cause, bool brokenAgain, bool confirmed)
    {
        var plan = Plan(ProbeKind.ReplayInFp32, cause, from: 40) with { Window = (60, 65) };
        var result = ProbeJudge.Judge(plan, Steps(1, 80, s => s >= 60 ? double.NaN : 2), Steps(41, 65, s => brokenAgain && s >= 60 ? double.PositiveInfinity : 2));
        Assert.Equal(confirmed, result.Confirmed);
    }

    [Fact]
    public void A_batch_that_is_learnt_by_heart_clears_the_wiring_and_says_nothing_of_targets()
    {
        var learnt = Steps(1, 60, s => 3 * Math.Exp(-s / 15.0));
        Assert.False(ProbeJudge.Judge(Plan(ProbeKind.OneBatch, CauseIds.ParametersFrozen), [], learnt).Confirmed);
        Assert.Null(ProbeJudge.Judge(Plan(ProbeKind.OneBatch, CauseIds.LabelsUnrelated), [], learnt).Confirmed);
        Assert.True(ProbeJudge.Judge(Plan(ProbeKind.OneBatch, CauseIds.ParametersFrozen), [], Steps(1, 60, _ => 3)).Confirmed);
        Assert.Null(ProbeJudge.Judge(Plan(ProbeKind.OneBatch, CauseIds.ParametersFrozen), [], []).Confirmed);
    }

    [Fact]
    public void A_probe_goes_on_from_the_last_checkpoint_before_the_trouble_below_the_rate_it_had_there()
    {
        var folder = new RunFolder(Directory.CreateTempSubdirectory("traintools-probe-").FullName);
        try
        {
            foreach (var step in new[] { 20, 40, 60 })
            {
                Directory.CreateDirectory(folder.CheckpointPath(step));
            }

            var config = new TrainingConfig { Optimization = new OptimizationConfig { LearningRate = 1e-2 } };
            File.WriteAllText(folder.ConfigPath, ConfigYaml.Write(config));
            File.WriteAllLines(folder.MetricsPath, Steps(1, 80, _ => 2).Select(s => (s with { LearningRate = s.Step <= 40 ? 6e-3 : 1e-2 }).ToJsonLine()));
            var plan = ProbePlanner.For(FineTuneRun.Open(folder.Path), config, Diagnosed(CauseIds.LearningRateTooHigh, firstStep: 55), 100)!;
            Assert.Equal((40, folder.CheckpointPath(40)), (plan.FromStep, plan.CheckpointPath));
            Assert.Equal(1e-2 / 3, plan.Config.Optimization.LearningRate!.Value, 1e-9);
            Assert.Equal((1e-2, 1e-2), (plan.RunRate, plan.PeakRate));
            Assert.Equal((LrSchedulerType.Constant, 140), (plan.Config.Schedule.LrSchedulerType, plan.Config.Duration.MaxSteps));

            var early = ProbePlanner.For(FineTuneRun.Open(folder.Path), config, Diagnosed(CauseIds.LearningRateTooHigh, firstStep: 10), 100)!;
            Assert.Null(early.CheckpointPath);

            // A run that was stopped on its way up had not come to its rate: it is the peak that is in question. After it, the share of it.
            File.WriteAllLines(folder.MetricsPath, Steps(1, 5, _ => 2).Select(s => (s with { LearningRate = 1e-3 * s.Step }).ToJsonLine()));
            Assert.Equal((1e-2, 1e-2), ProbePlanner.For(FineTuneRun.Open(folder.Path), config, Diagnosed(CauseIds.LearningRateTooHigh, firstStep: 3), 100) is { } up ? (up.RunRate, up.PeakRate) : default);
            File.WriteAllLines(folder.MetricsPath, Steps(1, 80, _ => 2).Select(s => (s with { LearningRate = s.Step <= 20 ? 1e-2 : 4e-3 }).ToJsonLine()));
            Assert.Equal((4e-3, 1e-2), ProbePlanner.For(FineTuneRun.Open(folder.Path), config, Diagnosed(CauseIds.LearningRateTooHigh, firstStep: 55), 100) is { } down ? (down.RunRate, down.PeakRate) : default);
            Assert.Null(ProbePlanner.For(FineTuneRun.Open(folder.Path), config, Diagnosed(CauseIds.Overfitting, firstStep: 10), 100));
        }
        finally
        {
            Directory.Delete(folder.Path, recursive: true);
        }
    }

    [Fact]
    public void A_rate_that_is_far_too_low_is_probed_with_the_one_proposed()
    {
        var folder = new RunFolder(Directory.CreateTempSubdirectory("traintools-probe-").FullName);
        try
        {
            var config = new TrainingConfig { Optimization = new OptimizationConfig { LearningRate = 1e-8 } };
            File.WriteAllText(folder.ConfigPath, ConfigYaml.Write(config));
            var low = Diagnosed(CauseIds.LearningRateTooLow, firstStep: 10);
            double Rate(Diagnosis diagnosis) => ProbePlanner.For(FineTuneRun.Open(folder.Path), config, diagnosis, 100)!.Config.Optimization.LearningRate!.Value;
            Assert.Equal(3e-8, Rate(low), 1e-12);
            var remedy = new DiagnosisRemedy { Text = "", Changes = [new RemedyChange("learning_rate", "1e-08", "0.0005")] };
            Assert.Equal(5e-4, Rate(low with { Causes = [low.Causes[0] with { Remedies = [remedy] }] }), 1e-9);
        }
        finally
        {
            Directory.Delete(folder.Path, recursive: true);
        }
    }

    // A loss that falls to 1 + a parabola of ln(rate) around the right one; above thirty times that it leaves the numbers.
    [Theory]
    [InlineData(ProbeKind.LowerLearningRate, 1e-2, 1e-2 / 3, 1e-4)]
    [InlineData(ProbeKind.LowerLearningRate, 3e-2, 5e-4, 3e-4)]
    [InlineData(ProbeKind.LowerLearningRate, 3e-2, 1e-5, 1e-3)]
    [InlineData(ProbeKind.LowerLearningRate, 1, 1.0 / 3, 1e-3)]
    [InlineData(ProbeKind.HigherLearningRate, 1e-6, 3e-6, 1e-4)]
    [InlineData(ProbeKind.HigherLearningRate, 1e-8, 5e-2, 1e-3)]
    public void The_search_ends_within_a_factor_of_two_of_the_best_rate(ProbeKind kind, double run, double first, double right)
    {
        var plan = Plan(kind, CauseIds.LearningRateTooHigh) with { RunRate = run, PeakRate = run, FirstRate = first };
        var search = new RateSearch(plan, 20);
        while (search.Next() is { } rate)
        {
            Assert.True(kind == ProbeKind.HigherLearningRate ? rate > run : rate < run);
            search.Add(rate, Branch(rate));
        }

        Assert.InRange(search.Best!.LearningRate, right / 2, right * 2);
        Assert.InRange(search.Trials.Count, 3, RateSearch.Most);
        var result = ProbeJudge.Judge(plan, Steps(1, 20, s => 4), search, Branch(search.Best.LearningRate));
        Assert.True(result.Confirmed);
        var proposed = double.Parse(Assert.Single(result.Remedy!.Changes).NewValue, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(proposed, right / 2.2, right * 2.2);

        List<TrainingStep> Branch(double rate) => rate > 30 * right
            ? Steps(1, 7, s => s < 6 ? 4 : double.NaN)
            : Steps(1, 20, s => 4 - (s / 20.0 * Math.Max(0, 2 - (0.1 * Math.Pow(Math.Log(rate / right), 2)))));
    }

    [Fact]
    public void Where_the_loss_falls_at_no_rate_it_is_not_the_rate()
    {
        var plan = Plan(ProbeKind.LowerLearningRate, CauseIds.LearningRateTooHigh) with { RunRate = 1e-2, PeakRate = 1e-2, FirstRate = 1e-3 };
        var search = new RateSearch(plan, 20);
        while (search.Next() is { } rate)
        {
            search.Add(rate, Steps(1, 20, _ => 4));
        }

        var result = ProbeJudge.Judge(plan, Steps(1, 20, _ => 4), search, []);
        Assert.Equal((false, null), (result.Confirmed, result.Remedy));
        Assert.Contains("falls at none", result.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_measured_takes_the_place_of_what_was_guessed()
    {
        var guessed = new DiagnosisRemedy { Text = "a third", Changes = [new RemedyChange("learning_rate", "0.03", "0.01")] };
        var measured = new DiagnosisRemedy { Text = "measured", Changes = [new RemedyChange("learning_rate", "0.03", "0.0003")] };
        var diagnosis = Diagnosed(CauseIds.LearningRateTooHigh, 10);
        diagnosis = diagnosis with { Causes = [diagnosis.Causes[0] with { Remedies = [guessed, new DiagnosisRemedy { Text = "other" }] }] };
        var probed = ProbeJudge.Apply(diagnosis, new ProbeResult { Kind = ProbeKind.LowerLearningRate, Cause = CauseIds.LearningRateTooHigh, Summary = "", Remedy = measured });
        Assert.Equal(["measured", "other"], probed.Cause!.Remedies.Select(r => r.Text));
    }

    [Fact]
    public void Of_a_peak_that_is_reached_after_the_branch_the_same_share_is_proposed()
    {
        // The schedule had come down to a tenth when the branch began: its best rate is a share of that one.
        var plan = Plan(ProbeKind.LowerLearningRate, CauseIds.LearningRateTooHigh) with { RunRate = 1e-3, PeakRate = 1e-2, FirstRate = 1e-4 };
        var search = new RateSearch(plan, 20);
        search.Add(1e-4, Steps(1, 20, s => 4 - (0.1 * s)));
        Assert.Equal("0.001", ProbeJudge.Judge(plan, Steps(1, 20, _ => 4), search, Steps(1, 20, s => 4 - (0.1 * s))).Remedy!.Changes[0].NewValue);
    }

    private static Diagnosis Diagnosed(string cause, int firstStep) => new()
    {
        Id = "LossExplodes-1", Symptom = Symptoms.LossExplodes, Severity = FindingSeverity.Error, FirstStep = firstStep, Summary = "",
        Causes = [new DiagnosisCause { Id = cause, Title = "", Score = 1, Reason = "" }],
    };

    private static ProbePlan Plan(ProbeKind kind, string cause, int from = 0) => new() { DiagnosisId = "x", Cause = cause, Kind = kind, Config = new TrainingConfig(), FromStep = from, BatchRecords = 16 };

    private static List<TrainingStep> Steps(int first, int last, Func<int, double> loss) =>
        [.. Enumerable.Range(first, last - first + 1).Select(s => new TrainingStep { Step = s, Loss = loss(s), GradNorm = 1, LearningRate = 1e-3 })];
}
