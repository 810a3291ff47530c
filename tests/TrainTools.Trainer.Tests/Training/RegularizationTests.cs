using TorchSharp;
using TrainTools.Core.Samples;
using TrainTools.Core.Training;
using TrainTools.Parity.Training;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Gradient checkpointing, dropout, embedding noise and number formats.</summary>
public class RegularizationTests
{
    private static readonly List<TrainingSample> Rows = [.. Enumerable.Range(0, 8).Select(row =>
    {
        int[] ids = [.. Enumerable.Range(0, 6 + row).Select(i => ((row * 61) + (i * 17)) % 500)];
        return new TrainingSample { InputIds = ids, Labels = ids, RecordIndexes = [row] };
    })];

    private static readonly StepPlan Plan = StepPlan.Create(Rows.Count, 2, 2, epochs: 3);

    [Fact]
    public void Checkpointing_changes_neither_losses_nor_weights()
    {
        using var plain = new TrainingRig(TestFiles.Model("llama"));
        using var checkpointed = new TrainingRig(TestFiles.Model("llama"), new TrainingRigOptions { Checkpointing = true });
        Assert.Equal(plain.Train(Rows, Plan).Select(s => s.Outcome), checkpointed.Train(Rows, Plan).Select(s => s.Outcome));
        Assert.All(plain.Model.Parameters, p => Assert.True(p.Value.equal(checkpointed.Model.Parameters[p.Key]).all().item<bool>(), p.Key));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Dropout_is_a_function_of_the_seed_and_the_step(bool checkpointing)
    {
        var options = new PretrainedModelOptions { AttentionDropout = 0.3 };
        List<double> Losses(long seed)
        {
            using var harness = new TrainingRig(TestFiles.Model("llama"), new TrainingRigOptions { Seed = seed, Model = options, Checkpointing = checkpointing });
            torch.random.manual_seed(Environment.TickCount); // what the generator stood at before does not matter
            return [.. harness.Train(Rows, Plan).Select(s => s.Outcome.Loss)];
        }

        Assert.Equal(Losses(1), Losses(1));
        Assert.NotEqual(Losses(1), Losses(2));
    }

    [Fact]
    public void With_dropout_checkpointing_computes_the_gradient_of_the_loss_it_reports()
    {
        // The loss along the gradient falls as the gradient says: true only if the second pass drops the same weights.
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(TestFiles.Model("llama"), new PretrainedModelOptions { AttentionDropout = 0.5 });
        foreach (var parameter in model.Parameters.Values)
        {
            parameter.requires_grad_(true);
        }

        var objective = new CausalLanguageObjective(model, CPU, recomputing: new RecomputingLayers(7));
        var batch = new SampleCollator(0).Collate(Rows);
        var weight = model.Parameters["model.layers.0.self_attn.v_proj.weight"];
        double Loss(double shift)
        {
            using (no_grad())
            {
                weight[3, 5] += shift;
            }

            weight.grad = null;
            objective.BeginStep(4);
            return objective.Backward(batch, 1.0 / batch.TargetIds.Length).Loss.ToDouble() / batch.TargetIds.Length;
        }

        const double Step = 2e-2;
        Loss(0);
        var gradient = weight.grad![3, 5].ToDouble();
        var above = Loss(Step);
        var below = Loss(-2 * Step);
        Assert.Equal((above - below) / (2 * Step), gradient, 2e-3);
        Assert.NotEqual(above, below);
    }

    [Fact]
    public void Embedding_noise_acts_in_training_only_and_follows_the_seed()
    {
        List<double> Losses(double? alpha)
        {
            using var harness = new TrainingRig(TestFiles.Model("llama"));
            harness.Model.NeftuneNoiseAlpha = alpha;
            return [.. harness.Train(Rows, Plan).Select(s => s.Outcome.Loss)];
        }

        Assert.Equal(Losses(5), Losses(5));
        Assert.NotEqual(Losses(null), Losses(5));
        using var scope = NewDisposeScope();
        using var harness = new TrainingRig(TestFiles.Model("llama"));
        var batch = new SampleCollator(0).Collate(Rows);
        var without = harness.Objective.Evaluate(batch).Loss.ToDouble();
        harness.Model.NeftuneNoiseAlpha = 5;
        Assert.Equal(without, harness.Objective.Evaluate(batch).Loss.ToDouble());
    }

    [Fact]
    public void Bf16_keeps_fp32_masters_and_stays_close_to_fp32()
    {
        using var exact = new TrainingRig(TestFiles.Model("llama"));
        using var rounded = new TrainingRig(TestFiles.Model("llama"), new TrainingRigOptions { Model = new PretrainedModelOptions { ComputeType = ScalarType.BFloat16 } });
        var expected = exact.Train(Rows, Plan).Select(s => s.Outcome.Loss).ToList();
        var actual = rounded.Train(Rows, Plan).Select(s => s.Outcome.Loss).ToList();
        Assert.All(rounded.Model.Parameters.Values, p => Assert.Equal(ScalarType.Float32, p.dtype));
        for (var i = 0; i < actual.Count; i++)
        {
            Assert.NotEqual(expected[i], actual[i]);
            Assert.Equal(expected[i], actual[i], 0.05);
        }
    }

    [Fact]
    public void A_loss_scale_changes_nothing_but_the_range_of_the_gradients()
    {
        using var plain = new TrainingRig(TestFiles.Model("llama"));
        using var scaled = new TrainingRig(TestFiles.Model("llama"), new TrainingRigOptions { Scaler = new LossScaler(65536) });
        var expected = plain.Train(Rows, Plan);
        var actual = scaled.Train(Rows, Plan);
        for (var i = 0; i < actual.Count; i++)
        {
            Assert.Equal(expected[i].Outcome.Loss, actual[i].Outcome.Loss, 1e-5);
            Assert.Equal(expected[i].Outcome.GradNorm, actual[i].Outcome.GradNorm, 1e-4);
        }
    }

    [Fact]
    public void The_loss_scale_halves_at_an_overflow_and_doubles_after_two_thousand_good_steps()
    {
        var scaler = new LossScaler(1024);
        scaler.Update(finite: false);
        Assert.Equal(512, scaler.Scale);
        for (var i = 0; i < 2000; i++)
        {
            scaler.Update(finite: true);
        }

        Assert.Equal(1024, scaler.Scale);
    }

    [Fact]
    public void A_gradient_that_is_not_finite_leaves_the_weights_alone_and_is_reported()
    {
        using var harness = new TrainingRig(TestFiles.Model("llama"));
        using (no_grad())
        {
            harness.Model.Parameters["model.norm.weight"].fill_(float.NaN);
        }

        var before = harness.Model.Parameters["lm_head.weight"].sum().ToDouble();
        var outcome = harness.Train(Rows, StepPlan.Create(Rows.Count, 8, 1, 1))[0].Outcome;
        Assert.True(double.IsNaN(outcome.Loss));
        Assert.True(double.IsNaN(outcome.GradNorm));
        Assert.False(outcome.Updated);
        Assert.Equal(before, harness.Model.Parameters["lm_head.weight"].sum().ToDouble());
    }
}
