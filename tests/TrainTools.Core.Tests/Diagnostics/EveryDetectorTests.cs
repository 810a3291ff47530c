using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;
using S = TrainTools.Core.Diagnostics.Symptoms;

namespace TrainTools.Core.Tests.Diagnostics;

/// <summary>Every detector on a made-up run: fires, and closes where its symptom can end; stays quiet on sound runs of every kind.</summary>
public sealed class EveryDetectorTests
{
    private static readonly RunFacts Facts = new() { MaxSteps = 1000, WarmupSteps = 20, LearningRate = 1e-3, MaxGradNorm = 1, MicroBatchRows = 16, Accumulation = 1 };

    private static readonly Dictionary<string, (RunFacts Facts, Action<MadeUpRun> Ill, Action<MadeUpRun>? Cure)> Cases = new(StringComparer.Ordinal)
    {
        [S.NoLabels] = (Facts, r => r.Go(5, null, s => s with { NumSupervisedTokens = 0, Loss = double.NaN, GradNorm = 0, Skipped = true }), r => r.Go(25)),
        [S.FirstLossWrong] = (Facts with { Classes = 512 }, r => r.Go(10, _ => 9), null),
        [S.TooGoodToBeTrue] = (Facts, r => r.Go(30, s => s < 6 ? 3 : 0.02), null),
        [S.DataOrder] = (Facts, r => Calm(r).Go(60, s => 3 * Math.Exp(0.3 * Math.Sin(s / 8.0)), s => s with { Records = [.. Enumerable.Range(8 * s.Step, 8).Select(i => (long)i)] }), null),
        [S.RecordsRepeated] = (Facts, r => r.Go(60, null, s => s with { Records = [1, 2, 3, 4] }), null),
        [S.EvaluationOverlap] = (Facts with { EvaluationOverlap = 0.5 }, r => r.Go(1), null),
        [S.DeadAdapter] = (Facts, r => r.Go(10, null, s => s with { ZeroAdapters = 4, Adapters = 4 }), r => r.Go(1, null, s => s with { ZeroAdapters = 0, Adapters = 4 })),
        [S.ParametersStill] = (Facts, r => r.Go(4, null, s => s with { StillParameters = ["w"] }), r => r.Go(1, null, s => s with { StillParameters = [] })),
        [S.NotTrainable] = (Facts with { Method = TrainingMethod.Full, TrainableParameters = 10, TotalParameters = 100 }, r => r.Go(1), null),
        [S.TrainEvaluationMismatch] = (Facts, r => Evaluations(r, 60, _ => 3, 2, 2, 2, 2, 2), r => r.Go(60, _ => 2).Evaluate(2)),
        [S.AccumulationWrong] = (Facts with { Accumulation = 4 }, r => r.Go(5, null, s => s with { MicroGradNorm = s.GradNorm / 2 }), null),
        [S.NonFinite] = (Facts, r => r.Go(50).Go(1, null, s => s with { Loss = double.PositiveInfinity }), r => r.Go(25)),
        [S.UpdateTooLarge] = (Facts, r => r.Go(3, null, s => s with { UpdateRatio = 0.1 }), r => r.Go(3, null, s => s with { UpdateRatio = 1e-3 })),
        [S.UpdateTooSmall] = (Facts, r => r.Go(30).Go(4, null, s => s with { UpdateRatio = 1e-6 }), r => r.Go(4, null, s => s with { UpdateRatio = 1e-3 })),
        [S.EarlyInstability] = (Facts, r => Calm(r).Go(4, _ => 3).Go(10, _ => 4), r => r.Go(20, _ => 2)),
        [S.LossExplodes] = (Facts, r => Calm(r).Go(300).Go(100, _ => 6), r => r.Go(300, _ => MadeUpRun.Healthy(300))),
        [S.LossSpike] = (Facts, r => Calm(r).Go(200).Go(3, _ => 6), r => r.Go(30)),
        [S.GradientExplosion] = (Facts, r => r.Go(60).Go(30, null, s => s with { GradNorm = 50 }), r => r.Go(60)),
        [S.GradientVanishing] = (Facts, r => r.Go(30, _ => 3).Go(15, _ => 3, s => s with { GradNorm = 1e-9 }), r => r.Go(2, _ => 3)),
        [S.ClippedNearlyAlways] = (Facts, r => r.Go(120, null, s => s with { GradNorm = 500 }), r => r.Go(120)),
        [S.LossNotDecreasing] = (Facts, r => Calm(r).Go(150, _ => 3), r => r.Go(300, s => 3 * Math.Exp(-0.005 * (s - 150)))),
        [S.LossPlateau] = (Facts, r => Calm(r).Go(60).Go(440, _ => 1.6), r => r.Go(400, s => 1.6 * Math.Exp(-0.003 * (s - 500)))),
        [S.LossFluctuates] = (Facts with { MicroBatchRows = 32 }, r => Noisy(r, 0.6).Go(200, _ => 3), r => Noisy(r, 0.02).Go(100, _ => 3)),
        [S.BatchTooSmall] = (Facts with { MicroBatchRows = 2, Accumulation = 4 }, r => r.Go(25, null, s => s with { GradNorm = 1, MicroGradNorm = 1.95 }), r => r.Go(60, null, s => s with { GradNorm = 1, MicroGradNorm = 1 })),
        [S.Underfitting] = (Facts with { Task = TaskType.SequenceClassification, Classes = 2, TargetEntropy = 0.69 }, r => Calm(r).Go(100, _ => 0.68).End(), null),
        [S.OverfitGap] = (Facts, r => Evaluations(r, 60, s => 2.5 * Math.Exp(-0.004 * s), 2.0, 1.8, 1.72, 1.70, 1.69, 1.69, 1.69, 1.69), r => r.Go(60, _ => 1.7).Evaluate(1.69)),
        [S.ValidationLossRising] = (Facts, r => Evaluations(r, 60, s => 3 * Math.Exp(-0.004 * s), 2.0, 1.8, 1.7, 1.75, 1.85, 1.95), r => r.Go(60).Evaluate(1.65)),
        [S.EarlySuccess] = (Facts, r => Evaluations(r, 60, MadeUpRun.Healthy, 3, 2, 1.5, 1.5, 1.5, 1.5), r => r.Go(60).Evaluate(1.0)),
        [S.OutOfMemory] = (Facts, r => r.Go(10).RunOut(new MemoryShortage(11, 16, 512, InEvaluation: false, GoesOn: false)), null),
        [S.MemoryGrowth] = (Facts, r => r.Go(420, null, s => s with { ResidentBytes = 1_000_000_000 + (2_000_000L * s.Step) }), r => r.Go(500, null, s => s with { ResidentBytes = 1_840_000_000 })),
        [S.ThroughputDrop] = (Facts, r => r.Go(60).Go(120, null, s => s with { StepSeconds = 0.5 }), r => r.Go(60)),
        [S.DataStarvation] = (Facts, r => r.Go(60, null, s => s with { DataSeconds = 0.05 }), r => r.Go(120, null, s => s with { DataSeconds = 0 })),
    };

    public static TheoryData<string> Names => [.. S.All.Select(s => s.Id)];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_fires_says_why_and_closes(string symptom)
    {
        var (facts, ill, cure) = Cases[symptom];
        var run = new MadeUpRun(facts);
        ill(run);
        var raised = run.AssertRaised(symptom, FindingSeverity.Info);
        Assert.True(raised.IsOpen);
        Assert.NotEmpty(raised.Causes);
        Assert.NotEmpty(raised.Evidence);
        Assert.InRange(raised.FirstStep, 1, raised.RaisedAtStep);
        Assert.All(raised.Causes, c => Assert.NotEmpty(c.Reason));
        Assert.DoesNotContain("NaN nats", raised.Describe(), StringComparison.Ordinal);
        if (cure is not null)
        {
            cure(run);
            Assert.False(run.Last(symptom)!.IsOpen, run.Last(symptom)!.ToString());
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_fires_again_after_the_run_was_taken_back(string symptom)
    {
        var (facts, ill, _) = Cases[symptom];
        var run = new MadeUpRun(facts);
        ill(run);
        run.BackTo(0);
        ill(run);
        Assert.Contains(run.Engine.Diagnoses, d => d.Symptom == symptom && d.IsOpen);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_sound_run_is_quiet_through_gaps_a_resume_and_another_logging_interval(int seed)
    {
        var run = new MadeUpRun(Facts, seed).Go(250);
        run.BackTo(200).Go(100);
        run.BackTo(360).Go(100);
        run.Interval = 10;
        run.Go(60).End().AssertQuiet();
    }

    [Fact]
    public void One_point_that_is_not_a_number_is_NonFinite_and_upsets_no_other_detector()
    {
        var run = new MadeUpRun(Facts).Go(150).Go(1, null, s => s with { Loss = double.NaN, GradNorm = double.NaN }).Go(400).End();
        Assert.Equal([S.NonFinite], run.Engine.Diagnoses.Where(d => d.Severity >= FindingSeverity.Warning).Select(d => d.Symptom));
    }

    [Fact]
    public void A_slow_climb_is_one_explosion_and_not_many()
    {
        var run = new MadeUpRun(Facts with { MaxSteps = 20_000 }) { Noise = 0.12 }.Go(4000).Go(6000, s => MadeUpRun.Healthy(4000) * Math.Exp((s - 4000) / 8000.0));
        Assert.InRange(run.Engine.Diagnoses.Count(d => d.Symptom == S.LossExplodes), 1, 2);
    }

    private static MadeUpRun Calm(MadeUpRun run)
    {
        (run.Noise, run.Tail) = (0.03, 0);
        return run;
    }

    private static MadeUpRun Noisy(MadeUpRun run, double noise)
    {
        (run.Noise, run.Tail) = (noise, 0);
        return run;
    }

    private static void Evaluations(MadeUpRun run, int points, Func<int, double> loss, params ReadOnlySpan<double> losses)
    {
        foreach (var held in losses)
        {
            run.Go(points, loss).Evaluate(held);
        }
    }
}
