using System.Text.Json;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Core.Schedules;
using TrainTools.Core.Training;

namespace TrainTools.Parity.Training;

/// <summary>
/// trainer/trainer_runs.json with models/NAME beside it: real runs of transformers' Trainer, step by step: losses,
/// gradient norms before clipping, learning rates, epochs, parameter norms at the end.
/// </summary>
public sealed class TrainerParitySuite : IParitySuite
{
    /// <inheritdoc/>
    public string Name => "trainer";

    /// <inheritdoc/>
    public IEnumerable<ParityCase> Find(string folder)
    {
        var runs = Golden.Read(folder, Name, "trainer_runs.json");
        foreach (var run in runs?.EnumerateArray() ?? default)
        {
            yield return new ParityCase($"{Name}/{run.Text("case")}", () => Compare(run, runs!.Value, folder));
        }
    }

    private static IEnumerable<Comparison> Compare(JsonElement run, JsonElement all, string folder)
    {
        var args = run.GetProperty("args");
        var tokens = run.Text("model") is not ("bert_seqcls" or "bert_seqcls_regression" or "bert_seqcls_multilabel");
        var rows = TrainingRig.Rows(run.GetProperty("rows"), tokens);
        var accumulation = (int)args.Number("gradient_accumulation_steps", 1);
        var smoothing = args.Number("label_smoothing_factor", 0);
        var plan = StepPlan.Create(
            rows.Count, (int)args.Number("per_device_train_batch_size", 2), accumulation, args.Number("num_train_epochs", 1),
            (int)args.Number("max_steps", 0), args.TryGetProperty("dataloader_drop_last", out _));
        var schedule = new LearningRateSchedule(new ScheduleOptions
        {
            Type = args.Enum("lr_scheduler_type", LrSchedulerType.Constant),
            LearningRate = 1e-3,
            WarmupSteps = Warmup.Steps(args.Number("warmup_steps", 0), plan.MaxSteps),
            TotalSteps = plan.MaxSteps,
        });
        using var scope = torch.NewDisposeScope();
        using var rig = new TrainingRig(Path.Combine(folder, "models", run.Text("model")), new TrainingRigOptions
        {
            WeightDecay = args.Number("weight_decay", 0.01),
            LabelSmoothing = smoothing,
            MaxGradNorm = args.Number("max_grad_norm", 1),
        });
        var addsMeans = accumulation > 1 && (smoothing > 0 || run.Text("model").StartsWith("bert", StringComparison.Ordinal));
        var mean = addsMeans ? RightMean(rig, rows, plan, run, all) : 0;
        var steps = rig.Train(rows, plan, schedule);

        yield return Comparison.Exact("steps", plan.MaxSteps == run.GetProperty("max_steps").GetInt32());
        if (addsMeans)
        {
            yield return Comparison.Relative("loss of the first step (the right mean)", [steps[0].Outcome.Loss], [mean], 1e-4);
            yield break;
        }

        var interval = (int)args.Number("logging_steps", 1);
        var logged = steps.Chunk(interval).ToList();
        yield return Comparison.Relative("losses", [.. logged.Select(c => c.Average(s => s.Outcome.Loss))], run.Doubles("losses"), 1e-4);
        yield return Comparison.Relative("gradient norms", [.. logged.Select(c => c[^1].Outcome.GradNorm)], run.Doubles("grad_norms"), 1e-3);
        yield return Comparison.Exact("learning rates", logged.Select(c => c[^1].LearningRate).SequenceEqual(run.Doubles("learning_rates")));
        yield return Comparison.Relative("epochs", [.. logged.Select((_, i) => plan.EpochsDone(Math.Min((i + 1) * interval, plan.MaxSteps)))], run.Doubles("epochs"), 1e-9);
        yield return Comparison.Relative("train_loss", [steps.Average(s => s.Outcome.Loss)], [run.GetProperty("train_loss").GetDouble()], 1e-4);
        var parameters = run.GetProperty("final_param_norm_sum").EnumerateObject().ToList();
        yield return Comparison.Relative("parameter norms", [.. parameters.Select(p => rig.Model.Parameters[p.Name].norm().ToDouble())], [.. parameters.Select(p => p.Value[0].GetDouble())], 1e-3);
    }

    /// <summary>
    /// Under accumulation the library adds the means of a window's micro-batches for heads that do not take the number of
    /// items (and wherever it smooths labels) instead of averaging over the window: its losses and gradients are as many
    /// times too large as there are micro-batches. What must hold is the mean over the window's tokens or rows. It is made
    /// here of the micro-batches' own means, which must add up to the library's figure.
    /// </summary>
    private static double RightMean(TrainingRig rig, List<TrainingSample> rows, StepPlan plan, JsonElement run, JsonElement all)
    {
        var batches = Enumerable.Range(0, plan.Accumulation).Select(b =>
        {
            var (first, count) = plan.BatchRows(b);
            return new SampleCollator(0).Collate(rows.GetRange(first, count));
        }).ToList();
        var counts = batches.Select(rig.Objective.CountTargets).ToList();
        double[] means;
        if (run.GetProperty("args").TryGetProperty("label_smoothing_factor", out _))
        {
            // Evaluation does not smooth: the first mean is in the run without accumulation, the second is the rest.
            var first = all.EnumerateArray().Single(r => r.Text("case") == "label_smoothing_0.1_ga1").Doubles("losses")[0];
            means = [first, run.Doubles("losses")[0] - first];
        }
        else
        {
            means = [.. batches.Select((b, i) => rig.Objective.Evaluate(b).Loss.ToDouble() / counts[i])];
            var sum = run.Doubles("losses")[0];
            if (Math.Abs(means.Sum() - sum) > 1e-4 * sum)
            {
                throw new InvalidDataException($"the micro-batches' means add up to {means.Sum()}, the library's figure is {sum}");
            }
        }

        return means.Select((m, i) => m * counts[i]).Sum() / counts.Sum();
    }
}
