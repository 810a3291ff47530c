using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Logs;

/// <summary>
/// Makes steps and evaluations of rows whose names differ from tool to tool: transformers and TRL (loss, grad_norm,
/// eval_loss), their TensorBoard tags (train/loss), LLaMA-Factory (current_steps, lr), Lightning and Keras (train_loss,
/// val_loss).
/// </summary>
internal static class LogAssembly
{
    // _step last: Weights & Biases counts calls of its logger by it, evaluations among them.
    private static readonly string[] StepNames = ["step", "global_step", "current_steps", "trainer/global_step", "train/global_step", "iteration", "iter", "_step"];
    private static readonly string[] LossNames = ["loss", "train/loss", "train_loss", "training_loss", "train_loss_step", "train/loss_step"];
    private static readonly string[] NormNames = ["grad_norm", "train/grad_norm", "gradient_norm", "total_grad_norm", "optim/total_grad_norm"];
    private static readonly string[] RateNames = ["learning_rate", "train/learning_rate", "lr", "train/lr", "optim/learning_rate"];
    private static readonly string[] EvaluationLossNames = ["eval_loss", "eval/loss", "val_loss", "validation_loss", "val/loss", "valid_loss", "validation/loss"];
    private static readonly string[] EpochNames = ["epoch", "train/epoch"];
    private static readonly string[] TotalNames = ["total_steps", "max_steps"];
    private static readonly string[] AccuracyNames = ["mean_token_accuracy", "train/mean_token_accuracy"];
    // A table of runs, a line each, is no log of one.
    private const int LeastSteps = 3;
    private static readonly string[] EvaluationPrefixes = ["eval_", "eval/", "val_", "val/", "validation_", "validation/"];

    /// <summary>The log that rows make.</summary>
    /// <param name="path">Where they were read.</param>
    /// <param name="format">From what.</param>
    /// <param name="rows">The rows, in the order of the file; a later row of a step completes or replaces an earlier one.</param>
    /// <param name="problems">Damage met.</param>
    /// <param name="facts">What else is known.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.TrainingLogEmpty"/>: no row has a training loss.</exception>
    public static TrainingLog Make(string path, string format, IReadOnlyList<LogRow> rows, IReadOnlyList<string> problems, RunFacts? facts = null)
    {
        // transformers ends its log with the run's mean under train_loss; it is no step's.
        var training = rows.Where(r => r.First(LossNames) is not null && r["train_runtime"] is null && r["train/train_runtime"] is null).ToList();
        if (training.Count == 0)
        {
            throw new TrainToolsException(
                problems.Count > 0 ? ErrorIds.TrainingLogInvalid : ErrorIds.TrainingLogEmpty, ErrorKind.InvalidData,
                $"{path} holds no training loss in its {rows.Count} entries.{(problems.Count > 0 ? " " + string.Join(" ", problems) : string.Empty)}",
                $"A log needs a loss under one of the names {string.Join(", ", LossNames)}.{Names(rows)}", path);
        }

        if (IsHalfWritten(training))
        {
            var last = training[^1];
            problems = problems.Count > 0 ? problems : [$"The last step{(last.First(StepNames) is { } at ? $" ({at:0})" : string.Empty)} is there in part only and is left out."];
            rows = [.. rows.Where(r => r != last)];
            training.Remove(last);
        }

        var counted = training.Any(r => r.First(StepNames) is null);
        var steps = new SortedDictionary<int, TrainingStep>();
        var evaluations = new SortedDictionary<int, EvaluationResult>();
        var number = 0;
        var ofSteps = training.ToHashSet();
        foreach (var row in rows)
        {
            var loss = ofSteps.Contains(row) ? row.First(LossNames) : null;
            number += loss is null ? 0 : 1;
            var step = counted ? number : (int)row.First(StepNames).GetValueOrDefault(number);
            if (loss is not null)
            {
                steps[step] = Step(row, step, loss.Value);
            }

            if (row.First(EvaluationLossNames) is { } held)
            {
                evaluations[step] = Evaluation(row, step, held);
            }
        }

        return Finish(path, format, rows, problems, facts ?? new RunFacts(), counted, [.. steps.Values], [.. evaluations.Values]);
    }

    private static string Names(IReadOnlyList<LogRow> rows)
    {
        var names = rows.Take(100).SelectMany(r => r.Values.Keys).Distinct(StringComparer.OrdinalIgnoreCase).Take(13).ToList();
        return names.Count == 0 ? string.Empty : $" This one has {string.Join(", ", names.Take(12))}{(names.Count > 12 ? ", …" : string.Empty)}.";
    }

    // Events come a figure at a time: a file that breaks off, or that is being written, may end within a step.
    private static bool IsHalfWritten(List<LogRow> training) => training.Count > 2 && new[] { NormNames, RateNames }.Any(names =>
        training[^1].First(names) is null && training.Take(training.Count - 1).All(r => r.First(names) is not null));

    private static TrainingStep Step(LogRow row, int step, double loss) => new()
    {
        Step = step,
        Epoch = row.First(EpochNames) ?? 0,
        Loss = loss,
        GradNorm = row.First(NormNames) ?? double.NaN,
        LearningRate = row.First(RateNames) ?? double.NaN,
        MeanTokenAccuracy = row.First(AccuracyNames),
    };

    private static EvaluationResult Evaluation(LogRow row, int step, double loss)
    {
        var metrics = new Dictionary<string, double>(StringComparer.Ordinal) { ["eval_loss"] = loss };
        foreach (var (name, value) in row.Values)
        {
            if (Array.Find(EvaluationPrefixes, p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase)) is { } prefix)
            {
                metrics.TryAdd("eval_" + name[prefix.Length..], value);
            }
        }

        return new EvaluationResult { Step = step, Epoch = row.First(EpochNames) ?? 0, Metrics = metrics };
    }

    private static TrainingLog Finish(string path, string format, IReadOnlyList<LogRow> rows, IReadOnlyList<string> problems, RunFacts facts, bool counted, TrainingStep[] steps, EvaluationResult[] evaluations)
    {
        var norms = steps.All(s => !double.IsNaN(s.GradNorm)) || (steps.Length > 1 && rows.Count(r => r.First(NormNames) is not null) >= steps.Length);
        var rates = rows.Count(r => r.First(RateNames) is not null) >= steps.Length;
        var total = rows.Select(r => r.First(TotalNames)).FirstOrDefault(t => t > 0);
        var perEpoch = steps.Length > 1 && steps[^1].Epoch > steps[0].Epoch ? (steps[^1].Step - steps[0].Step) / (steps[^1].Epoch - steps[0].Epoch) : (double?)null;
        if (steps.Length < LeastSteps)
        {
            problems = [.. problems, $"{(steps.Length == 1 ? "One step is" : $"{steps.Length} steps are")} logged: too few to judge by."];
        }

        facts = facts with
        {
            HasGradNorm = norms,
            HasLearningRate = rates,
            MaxSteps = facts.MaxSteps ?? (total is { } t ? (int)t : steps[^1].Step),
            StepsPerEpoch = facts.StepsPerEpoch ?? perEpoch,
            LearningRate = facts.LearningRate ?? (rates ? steps.Max(s => s.LearningRate) : null),
        };
        return new TrainingLog { Path = path, Format = format, Steps = steps, Evaluations = evaluations, Facts = facts, Problems = problems, Lacks = Lacks(norms, rates, counted, evaluations.Length > 0, steps) };
    }

    private static List<string> Lacks(bool norms, bool rates, bool counted, bool evaluated, TrainingStep[] steps)
    {
        var lacks = new List<string>();
        void Without(bool there, string signal, string judgement)
        {
            if (!there)
            {
                lacks.Add($"{signal}: {judgement}");
            }
        }

        Without(!counted, "step numbers", "entries are counted instead");
        Without(norms, "gradient norm", "exploding and vanishing gradients, clipping and overflow behind a filtered loss cannot be seen");
        Without(rates, "learning rate", "warm-up is not known and no new rate can be proposed");
        Without(evaluated, "evaluation loss", "overfitting and data leaks cannot be seen");
        Without(steps.Any(s => s.Epoch > 0), "epoch", "whether rows were seen before is not known");
        lacks.Add("update-to-weight ratios, still parameters, adapters, record ids, memory and waiting times: only this tool logs them");
        return lacks;
    }
}
