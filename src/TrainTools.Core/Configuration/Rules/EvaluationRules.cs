using TrainTools.Core.Errors;
using static TrainTools.Core.Configuration.ConfigText;
using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on evaluation, early stopping, the best model and checkpoints.</summary>
internal static class EvaluationRules
{
    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "EvaluationWithoutData",
            Title = "Evaluation has data",
            Settings = ["eval_strategy", "validation_path", "validation_split"],
            Source = Sources.Transformers,
            Levels = "Error",
            Why = "There is nothing to evaluate on.",
            Test = c => !Evaluates(c) || HasValidation(c) ? None : Found(Error, expected: "validation_path or validation_split", set: [("validation_split", 0.1)]),
        },
        new()
        {
            Id = "ValidationUnused",
            Title = "Validation data is evaluated on",
            Settings = ["eval_strategy", "validation_path", "validation_split"],
            Source = Sources.Semantics,
            Levels = "Warning",
            Why = "There is validation data and no evaluation: the records are held out for nothing.",
            Test = c => Evaluates(c) || !HasValidation(c) ? None : Found(Warning, expected: "epoch or steps", set: [("eval_strategy", IntervalStrategy.Epoch)]),
        },
        new()
        {
            Id = "ValidationTwice",
            Title = "Validation data is given once",
            Settings = ["validation_split", "validation_path"],
            Source = Sources.Semantics,
            Levels = "Info where both are set",
            Why = "validation_path wins; nothing is split off the training data.",
            Test = c => c.Config.Data.ValidationPath.Count > 0 && c.Config.Data.ValidationSplit > 0 ? Found(Info, expected: "one of the two", set: [("validation_split", null)]) : None,
        },
        new()
        {
            Id = "ValidationSmall",
            Title = "Enough records are held out",
            Settings = ["validation_split", "validation_path"],
            Source = Sources.Judgement,
            Levels = "Warning below 20 records",
            Why = "A handful of records cannot tell a better model from a luckier one.",
            Test = c =>
            {
                var split = c.Config.Data.ValidationPath.Count == 0;
                var count = split ? (c.Facts.Data?.Records - c.Outline?.Records) : c.Facts.Validation?.Records;
                return !HasValidation(c) || count is not { } n || n >= 20 ? None : Found(
                    Warning, $"{n} record{(n == 1 ? string.Empty : "s")} to evaluate on cannot tell a better model from a luckier one.", "20 records or more", remedy: split ? "Raise validation_split, or give a validation file." : "Give more validation records.", setting: split ? "validation_split" : "validation_path");
            },
        },
        new()
        {
            Id = "ValidationSplitLarge",
            Title = "Most records are trained on",
            Settings = ["validation_split"],
            Source = Sources.Judgement,
            Levels = "Warning above 0.5",
            Why = "More records are held out than trained on.",
            Test = c => c.Config.Data.ValidationPath.Count > 0 || c.Config.Data.ValidationSplit is not > 0.5 ? None : Found(Warning, expected: "0.05 to 0.2", set: [("validation_split", 0.1)]),
        },
        new()
        {
            Id = "EvaluationNeverHappens",
            Title = "The run is long enough for an evaluation",
            Settings = ["eval_steps", "num_train_epochs", "max_steps"],
            Source = Sources.Semantics,
            Levels = "Warning",
            Why = "eval_steps is larger than the number of steps.",
            Test = c => c.Config.Evaluation.EvalStrategy != IntervalStrategy.Steps || c.Outline is not { Evaluations: 0 } run ? None : Found(
                Warning, $"The run has {run.Plan.MaxSteps} steps and eval_steps is {Number(c.Config.Evaluation.EvalSteps!.Value)}: no evaluation is made.", "at most the run's steps", [("eval_steps", 0.1)]),
        },
        new()
        {
            Id = "EvaluationCost",
            Title = "Evaluation takes less time than training",
            Settings = ["eval_steps", "eval_strategy", "validation_split", "validation_path"],
            Source = "a training pass costs about three forward passes (Kaplan et al., Scaling Laws, 2020, section 2.1)",
            Levels = "Warning where all evaluations together cost more than the training",
            Why = "Each evaluation goes through all validation records.",
            Test = c =>
            {
                var held = c.Config.Data.ValidationPath.Count > 0 ? c.Facts.Validation?.Records : c.Facts.Data?.Records - c.Outline?.Records;
                if (!Evaluates(c) || c.Outline is not { Evaluations: > 0 } run || held is not { } records || records < 1)
                {
                    return None;
                }

                var (evaluation, training) = ((double)run.Evaluations * records, 3 * run.Epochs * run.Records);
                return evaluation <= training ? None : Found(
                    Warning,
                    $"{run.Evaluations} evaluations of {Plural(records, "record")} take about {evaluation / training:0.#} times as long as the training itself.",
                    "less time than the training",
                    c.Config.Evaluation.EvalStrategy == IntervalStrategy.Steps && 10 * records <= training ? [("eval_steps", 0.1)] : null,
                    c.Config.Evaluation.EvalStrategy == IntervalStrategy.Steps && 10 * records <= training ? null : "Evaluate on fewer records.");
            },
        },
        new()
        {
            Id = "EarlyStoppingWithoutEvaluation",
            Title = "Early stopping has evaluations to look at",
            Settings = ["early_stopping_patience", "eval_strategy"],
            Source = Sources.Transformers,
            Levels = "Error",
            Why = "Early stopping decides by the evaluation metric; without evaluations it never acts.",
            Test = c => !c.Practice.StopsEarly || Evaluates(c) ? None : Found(
                Error, expected: "evaluations each epoch", set: HasValidation(c) ? [("eval_strategy", IntervalStrategy.Epoch)] : [("eval_strategy", IntervalStrategy.Epoch), ("validation_split", 0.1)]),
        },
        new()
        {
            Id = "PatienceTooLong",
            Title = "Patience is shorter than the run",
            Settings = ["early_stopping_patience", "eval_steps", "num_train_epochs"],
            Source = Sources.Semantics,
            Levels = "Warning",
            Why = "With as much patience as there are evaluations the run cannot stop early.",
            Test = c => c.Config.Evaluation.EarlyStoppingPatience is not { } patience || !Evaluates(c) || c.Outline is not { Evaluations: > 0 } run || patience < run.Evaluations ? None : Found(
                Warning,
                $"{run.Evaluations} evaluation{(run.Evaluations == 1 ? " is" : "s are")} made and patience is {patience}: the run cannot stop early.",
                $"less than {run.Evaluations}",
                run.Evaluations > 1 ? [("early_stopping_patience", Math.Max(1, Math.Min(3, run.Evaluations - 1)))] : null,
                run.Evaluations > 1 ? null : "Evaluate more often, or train for more epochs."),
        },
        new()
        {
            Id = "EarlyStoppingKeepsLast",
            Title = "Early stopping gives back the best model",
            Settings = ["load_best_model_at_end", "early_stopping_patience"],
            Source = Sources.Notes,
            Levels = "Warning",
            Why = "The run stops some evaluations after its best; without load_best_model_at_end the result is the last model, not the best.",
            Test = c => !c.Practice.StopsEarly || !Evaluates(c) || c.Config.Evaluation.LoadBestModelAtEnd ? None : Found(Warning, expected: "true", set: [("load_best_model_at_end", true)]),
        },
        new()
        {
            Id = "LoadBestMatches",
            Title = "Every evaluation that may be the best is saved",
            Settings = ["load_best_model_at_end", "eval_strategy", "save_strategy", "eval_steps", "save_steps"],
            Source = Sources.Transformers,
            Levels = "Error where there is no evaluation, where save_strategy differs from eval_strategy, or where save_steps is not a multiple of eval_steps",
            Why = "The best model can only be loaded if it was saved when it was evaluated.",
            Test = LoadBest,
        },
        new()
        {
            Id = "EvalStepsUnused",
            Title = "eval_steps has an effect",
            Settings = ["eval_steps", "eval_strategy"],
            Source = Sources.Semantics,
            Levels = "Warning where eval_strategy is not steps",
            Why = "Steps between evaluations count only where eval_strategy is steps: what was asked for is not done.",
            Test = c => c.Config.Evaluation is not { EvalSteps: { } steps } || c.Config.Evaluation.EvalStrategy == IntervalStrategy.Steps ? None : Found(
                Warning, $"eval_steps is {Number(steps)} and eval_strategy {Name(c.Config.Evaluation.EvalStrategy)}: eval_steps is not used.", "eval_strategy steps",
                [
                    ("eval_strategy", IntervalStrategy.Steps),
                    .. HasValidation(c) ? [] : new (string, object?)[] { ("validation_split", 0.1) },
                    .. c.Config.Evaluation.LoadBestModelAtEnd ? [("save_strategy", IntervalStrategy.Steps), ("save_steps", steps)] : Array.Empty<(string, object?)>(),
                ]),
        },
        new()
        {
            Id = "SaveStepsUnused",
            Title = "save_steps has an effect",
            Settings = ["save_steps", "save_strategy"],
            Source = Sources.Semantics,
            Levels = "Warning where save_strategy is not steps",
            Why = "Steps between checkpoints count only where save_strategy is steps: there will be fewer checkpoints than was asked for, or none.",
            Test = c => c.Config.Checkpoints is not { SaveSteps: { } steps } || c.Config.Checkpoints.SaveStrategy == IntervalStrategy.Steps ? None : Found(
                Warning, $"save_steps is {Number(steps)} and save_strategy {Name(c.Config.Checkpoints.SaveStrategy)}: save_steps is not used.", "save_strategy steps",

                // The best model is saved when it is evaluated, so that the two go together.
                c.Config.Evaluation.LoadBestModelAtEnd && c.Config.Evaluation.EvalStrategy != IntervalStrategy.Steps ? [("save_steps", null)] : [("save_strategy", IntervalStrategy.Steps)]),
        },
        new()
        {
            Id = "BestMetric",
            Title = "The direction of the metric is as its name says",
            Settings = ["greater_is_better", "metric_for_best_model"],
            Source = Sources.Transformers,
            Levels = "Error where a loss is to be greater, Warning where another known metric is to be smaller",
            Why = "With the direction turned round the worst model is kept as the best.",
            Test = c =>
            {
                var (metric, greater) = (c.Config.Evaluation.MetricForBestModel, c.Config.Evaluation.GreaterIsBetter!.Value);
                var falls = metric.EndsWith("loss", StringComparison.Ordinal) || metric.EndsWith("perplexity", StringComparison.Ordinal) || metric.EndsWith("mse", StringComparison.Ordinal);
                var rises = metric.Contains("accuracy", StringComparison.Ordinal) || metric.EndsWith("f1", StringComparison.Ordinal) || metric.EndsWith("precision", StringComparison.Ordinal) || metric.EndsWith("recall", StringComparison.Ordinal);
                return falls && greater ? Found(Error, $"{metric} is better when it is smaller.", "false", [("greater_is_better", false)])
                    : rises && !greater ? Found(Warning, $"{metric} is better when it is greater.", "true", [("greater_is_better", true)])
                    : None;
            },
        },
        new()
        {
            Id = "BestMetricKnown",
            Title = "The metric is one that the run measures",
            Settings = ["metric_for_best_model", "task_type", "problem_type"],
            Source = Sources.Semantics,
            Levels = "Error where the run evaluates",
            Why = "Texts with one label, with several and with a value, words and language each have metrics of their own; the run would end before it begins.",
            Test = c =>
            {
                var (task, metric) = (c.Config.Task.TaskType, c.Config.Evaluation.MetricForBestModel);
                var (problem, labels) = c.LabelsAreCertain ? (c.Labels!.Problem, c.Labels.Names) : (c.Config.Task.ProblemType, null);
                if (!Evaluates(c) || EvaluationMetrics.IsOf(task, metric, problem, labels))
                {
                    return None;
                }

                var nearest = NearestName.Find(metric, EvaluationMetrics.Of(task, problem)) ?? "eval_loss";
                return Found(
                    Error,
                    $"{ConfigSchema.Get("task_type").Format(task)}{(problem is null ? string.Empty : $" ({ConfigSchema.Get("problem_type").Format(problem)})")} is not measured by '{metric}'.",
                    EvaluationMetrics.Describe(task, problem, labels),
                    [("metric_for_best_model", nearest), ("greater_is_better", null)],
                    errorId: ErrorIds.ConfigValueInvalid);
            },
        },
        new()
        {
            Id = "NoCheckpoints",
            Title = "The run saves checkpoints",
            Settings = ["save_strategy"],
            Source = Sources.Judgement,
            Levels = "Warning for more than 500 steps",
            Why = "Nothing is left of a long run that is interrupted.",
            Test = c => c.Config.Checkpoints.SaveStrategy != IntervalStrategy.No || c.Config.Evaluation.LoadBestModelAtEnd || c.Outline is not { Plan.MaxSteps: > 500 } run ? None : Found(
                Warning, $"The run has {run.Plan.MaxSteps} steps and saves no checkpoint: if it is interrupted, nothing is left.", "epoch or steps", [("save_strategy", IntervalStrategy.Epoch)]),
        },
        new()
        {
            Id = "LoggingRare",
            Title = "The run logs often enough to be read",
            Settings = ["logging_steps"],
            Source = Sources.Judgement,
            Levels = "Warning where fewer than two steps are logged",
            Why = "A curve needs points, and so does the diagnosis.",
            Test = c => c.Outline is not { Plan.MaxSteps: > 1 } run || c.Config.Logging.LoggingSteps <= run.Plan.MaxSteps / 2 ? None : Found(
                Warning, $"The run has {run.Plan.MaxSteps} steps and logs each {c.Config.Logging.LoggingSteps}.", $"at most {run.Plan.MaxSteps / 2}", [("logging_steps", 1)]),
        },
    ];

    private static bool Evaluates(RuleContext c) => c.Config.Evaluation.EvalStrategy != IntervalStrategy.No;

    private static bool HasValidation(RuleContext c) => c.Config.Data.ValidationPath.Count > 0 || c.Config.Data.ValidationSplit > 0;

    private static IEnumerable<ConfigFinding> LoadBest(RuleContext c)
    {
        var (evaluation, checkpoints) = (c.Config.Evaluation, c.Config.Checkpoints);
        if (!evaluation.LoadBestModelAtEnd)
        {
            return None;
        }

        if (!Evaluates(c))
        {
            var strategy = checkpoints.SaveStrategy == IntervalStrategy.No ? IntervalStrategy.Epoch : checkpoints.SaveStrategy;
            return Found(Error, "load_best_model_at_end needs evaluations to know the best by.", "eval_strategy epoch or steps", HasValidation(c)
                ? [("eval_strategy", strategy)]
                : [("eval_strategy", strategy), ("validation_split", 0.1)]);
        }

        if (checkpoints.SaveStrategy != evaluation.EvalStrategy)
        {
            return Found(
                Error,
                $"The run evaluates by {Name(evaluation.EvalStrategy)} and saves by {Name(checkpoints.SaveStrategy)}.",
                "the same for both",
                evaluation.EvalStrategy == IntervalStrategy.Steps
                    ? [("save_strategy", IntervalStrategy.Steps), ("save_steps", evaluation.EvalSteps)]
                    : [("save_strategy", IntervalStrategy.Epoch)],
                setting: "save_strategy");
        }

        if (evaluation.EvalStrategy != IntervalStrategy.Steps)
        {
            return None;
        }

        var (each, save) = (evaluation.EvalSteps!.Value, checkpoints.SaveSteps!.Value);
        var ratio = save / each;
        // Shares and steps cannot be compared before the run's length is known, so transformers refuses the mixture too.
        return save < 1 == each < 1 && ratio >= 1 && Math.Abs(ratio - Math.Round(ratio)) < 1e-6 ? None : Found(
            Error, $"save_steps ({Number(save)}) is not a multiple of eval_steps ({Number(each)}).", "a multiple of eval_steps", [("save_steps", each)], setting: "save_steps");
    }

    private static string Name(IntervalStrategy? strategy) => ConfigSchema.Get("save_strategy").Format(strategy);
}
