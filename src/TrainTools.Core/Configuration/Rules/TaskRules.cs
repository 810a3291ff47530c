using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on the task and on what it has to do with the model and the data.</summary>
internal static class TaskRules
{
    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "TaskFitsModel",
            Title = "The model can do the task",
            Settings = ["task_type", "model_name_or_path"],
            Source = Sources.Semantics,
            Levels = "Error",
            Why = "An encoder reads in both directions and cannot predict the next token; a decoder cannot fill in masked ones.",
            Test = c => c.Facts.Model is not { ModelType: not null } model ? None : (c.Config.Task.TaskType, model.IsEncoder) switch
            {
                (TaskType.CausalLm, true) => Found(Error, $"A {model.ModelType} model reads in both directions and cannot predict the next token.", "masked-lm, sequence-classification or token-classification", remedy: "Choose a task for encoders, or a decoder model."),
                (TaskType.MaskedLm, false) => Found(Error, $"A {model.ModelType} model reads forwards only and cannot fill in masked tokens.", "causal-lm", [("task_type", TaskType.CausalLm)]),
                _ => None,
            },
        },
        new()
        {
            Id = "TaskFitsFormat",
            Title = "The data's format has what the task needs",
            Settings = ["dataset_format", "task_type"],
            Source = Sources.Semantics,
            Levels = "Error",
            Why = "Labels cannot be learnt from records that have none, nor text from records that are tags.",
            Test = c => (c.Config.Task.TaskType, c.Config.Data.DatasetFormat) switch
            {
                (_, DatasetFormat.Auto) => None,
                (TaskType.CausalLm, DatasetFormat.Classification or DatasetFormat.TokenClassification)
                    or (TaskType.SequenceClassification, not DatasetFormat.Classification)
                    or (TaskType.TokenClassification, not DatasetFormat.TokenClassification)
                    or (TaskType.MaskedLm, not DatasetFormat.Text) => Found(
                        Error,
                        $"{ConfigSchema.Get("task_type").Format(c.Config.Task.TaskType)} cannot be learnt from records of the format {ConfigSchema.Get("dataset_format").Format(c.Config.Data.DatasetFormat)}.",
                        c.Config.Task.TaskType switch
                        {
                            TaskType.SequenceClassification => "classification",
                            TaskType.TokenClassification => "token_classification",
                            TaskType.MaskedLm => "text",
                            _ => "messages, prompt_completion, alpaca, share_gpt or text",
                        },
                        [("dataset_format", DatasetFormat.Auto)]),
                _ => None,
            },
        },
        new()
        {
            Id = "LabelSmoothingTask",
            Title = "Label smoothing is for classification",
            Settings = ["label_smoothing_factor", "task_type"],
            Source = Sources.Notes,
            Levels = "Warning for language models",
            Why = "The notes use it against noisy class labels. Over a vocabulary it spreads the target over thousands of wrong tokens, and it needs all logits at once.",
            Test = c => c.Config.Task.LabelSmoothingFactor == 0 || c.Practice.IsClassifier ? None : Found(Warning, expected: "0", set: [("label_smoothing_factor", 0.0)]),
        },
        new()
        {
            Id = "LabelSmoothingHigh",
            Title = "Label smoothing is moderate",
            Settings = ["label_smoothing_factor"],
            Source = "Szegedy et al., Rethinking Inception (2016): 0.1; Müller et al., When Does Label Smoothing Help? (2019)",
            Levels = "Warning above 0.2",
            Why = "0.05 to 0.1 is usual against noisy labels; much more and the classes blur.",
            Test = c => c.Config.Task.LabelSmoothingFactor <= 0.2 || !c.Practice.IsClassifier ? None : Found(Warning, expected: "0.05 to 0.1", set: [("label_smoothing_factor", 0.1)]),
        },
        new()
        {
            Id = "DropoutHigh",
            Title = "Dropout is moderate",
            Settings = ["hidden_dropout", "attention_dropout", "classifier_dropout"],
            Source = Sources.Notes,
            Levels = "Warning above 0.5 for the classifier, above 0.3 for the others",
            Why = "The notes raise dropout for noisy data, from 0.1 to 0.2 or 0.3. Beyond, a pretrained model loses more than the noise does harm.",
            Test = c => new (string Name, double? Value, double High)[]
                {
                    ("hidden_dropout", c.Config.Model.HiddenDropout, 0.3),
                    ("attention_dropout", c.Config.Model.AttentionDropout, 0.3),
                    ("classifier_dropout", c.Config.Model.ClassifierDropout, 0.5),
                }
                .Where(d => d.Value > d.High)
                .SelectMany(d => Found(Warning, expected: $"0.1 to {ConfigText.Number(d.High)}", set: [(d.Name, 0.2)], setting: d.Name)),
        },
        new()
        {
            Id = "LabelsFitModel",
            Title = "The label set is a set",
            Settings = ["labels", "task_type"],
            Source = Sources.Semantics,
            Levels = "Error for a label that is there twice, Warning for labels of a task that has none",
            Why = "Each label is one output of the classifier.",
            Test = c => c.Config.Task.Labels.GroupBy(l => l, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice
                ? Found(Error, $"The label '{twice.Key}' is there {twice.Count()} times.", "each label once", [("labels", SettingList.From(c.Config.Task.Labels.Distinct(StringComparer.Ordinal)))])
                : c.Config.Task.Labels.Count > 0 && !c.Practice.IsClassifier
                    ? Found(Warning, "The task has no labels; the list is not read.", "no labels, or a task with labels", [("labels", SettingList.Empty)])
                    : None,
        },
    ];
}
