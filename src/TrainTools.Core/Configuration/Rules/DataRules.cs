using static TrainTools.Core.Configuration.ConfigText;
using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on how records become samples, as far as the config and counts tell.</summary>
internal static class DataRules
{
    private static readonly HashSet<string> LearntPositions = new(StringComparer.Ordinal) { "gpt2", "bert", "roberta", "distilbert" };

    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "MaxLengthBeyondModel",
            Title = "Samples are no longer than the model's positions",
            Settings = ["max_length", "model_name_or_path"],
            Source = Sources.Semantics,
            Levels = "Error where positions are learnt, Warning where they are computed",
            Why = "A model with learnt positions has none beyond its table; one with computed positions was never trained there.",
            Test = c => c.Facts.Model is not { MaxPositions: { } positions } model || c.Config.Data.MaxLength <= positions ? None : Found(
                LearntPositions.Contains(model.ModelType ?? string.Empty) ? Error : Warning,
                $"max_length is {c.Config.Data.MaxLength}, and the model has {positions} positions.",
                $"at most {positions}",
                [("max_length", positions)]),
        },
        new()
        {
            Id = "PackingTask",
            Title = "Packing is for text to generate",
            Settings = ["packing", "task_type"],
            Source = Sources.Trl,
            Levels = "Error",
            Why = "A classifier has one label set a row; several records in a row have no place for theirs.",
            Test = c => c.Config.Data.Packing == true && c.Config.Task.TaskType != TaskType.CausalLm ? Found(Error, expected: "false", set: [("packing", false)]) : None,
        },
        new()
        {
            Id = "PackingFewUpdates",
            Title = "Packing leaves enough updates",
            Settings = ["packing", "max_length", "num_train_epochs"],
            Source = "the tuning notes' caveat; TRL's packing arithmetic",
            Levels = "Warning below 100 updates where the same run without packing would make at least twice as many",
            Why = "Packing k records into a row divides the number of updates by k. On small or short data too few are left for a warm-up and a decay.",
            Test = c =>
            {
                if (c.Config.Data.Packing != true || c.Outline is not { } packed || packed.Plan.MaxSteps >= 100)
                {
                    return None;
                }

                var plain = RunOutline.Create(c.Config with { Data = c.Config.Data with { Packing = false } }, c.Facts.Data)!;
                return plain.Plan.MaxSteps < 2 * packed.Plan.MaxSteps ? None : Found(
                    Warning,
                    $"About {(double)packed.Records / packed.Rows:0.#} records go into a row: {Count(packed.Rows)} rows and {packed.Plan.MaxSteps} updates{(packed.IsRough ? " (reckoned from the file's size)" : string.Empty)}; without packing there would be {plain.Plan.MaxSteps}.",
                    "100 updates or more",
                    IsPlainText(c) ? SmallerStep(c, packed) : [("packing", false)],
                    IsPlainText(c) ? "Or train for longer." : "Or lower gradient_accumulation_steps.");
            },
        },
        new()
        {
            Id = "PackingSmallModel",
            Title = "Packing is worth it for this model",
            Settings = ["packing", "model_name_or_path"],
            Source = Sources.Notes,
            Levels = "Info below 10 M parameters, plain text excepted (packing cuts long texts into rows)",
            Why = "The notes keep packing for large data and models. For a tiny model padding costs next to nothing, and what packing saves does not make up for fewer updates.",
            Test = c => c.Given.Data.Packing == true && c.Practice.IsTiny && !IsPlainText(c) ? Found(Info, expected: "false", set: [("packing", false)]) : None,
        },
        new()
        {
            Id = "PackingContaminates",
            Title = "Packed documents do not see each other",
            Settings = ["packing_strategy", "packing"],
            Source = "TRL issues 1230 and 3067; LLaMA-Factory pull request 4224",
            Levels = "Warning for conversations, prompts and answers; Info for plain text and where the format is not known",
            Why = "With wrapped, documents in a row attend to each other: an answer is learnt from someone else's question. bfd and bfd_split keep them apart.",
            Test = c =>
            {
                // Single questions and answers are PackingSingleTurn's matter, which counts them.
                if (c.Config.Data is not { Packing: true, PackingStrategy: PackingStrategy.Wrapped } || RecordRules.AreSingleTurn(c.Facts.Sample))
                {
                    return None;
                }

                var unknown = c.Config.Data.DatasetFormat == DatasetFormat.Auto && c.Facts.Data?.Shape is null;
                return IsPlainText(c) || unknown
                    ? Found(Info, expected: "bfd or bfd_split", set: [("packing_strategy", PackingStrategy.BfdSplit)])
                    : Found(Warning, expected: "bfd or bfd_split", set: [("packing_strategy", PackingStrategy.Bfd)]);
            },
        },
        new()
        {
            Id = "AssistantOnlyNeedsConversation",
            Title = "assistant_only_loss has assistants",
            Settings = ["assistant_only_loss", "dataset_format", "task_type"],
            Source = Sources.Trl,
            Levels = "Error where the format is not conversational or the task has no text to generate",
            Why = "Only conversations have assistant turns.",
            Test = c => !c.Config.Data.AssistantOnlyLoss ? None
                : c.Config.Task.TaskType != TaskType.CausalLm || c.Config.Data.DatasetFormat is DatasetFormat.Text or DatasetFormat.Alpaca or DatasetFormat.Classification or DatasetFormat.TokenClassification
                    ? Found(Error, $"Records of the format {ConfigSchema.Get("dataset_format").Format(c.Config.Data.DatasetFormat)} have no assistant turns.", "false", [("assistant_only_loss", false)])
                    : None,
        },
        new()
        {
            Id = "CompletionOnlyNeedsPrompt",
            Title = "completion_only_loss has completions",
            Settings = ["completion_only_loss", "dataset_format", "task_type"],
            Source = Sources.Trl,
            Levels = "Error where the format has no prompt and completion",
            Why = "Only records with a prompt and a completion have a completion to learn.",
            Test = c => c.Given.Data.CompletionOnlyLoss != true ? None
                : c.Config.Task.TaskType != TaskType.CausalLm || c.Config.Data.DatasetFormat is not (DatasetFormat.Auto or DatasetFormat.PromptCompletion or DatasetFormat.Alpaca)
                    ? Found(Error, $"Records of the format {ConfigSchema.Get("dataset_format").Format(c.Config.Data.DatasetFormat)} have no prompt and completion.", "unset", [("completion_only_loss", null)])
                    : None,
        },
        new()
        {
            Id = "ShuffleOff",
            Title = "Records are shuffled",
            Settings = ["shuffle", "curriculum"],
            Source = "Bengio et al., Curriculum Learning (2009) for the exception",
            Levels = "Warning where neither shuffle nor curriculum is on",
            Why = "Records in the order of the file are often sorted by source or length; the model then learns the last of them best, and the loss moves with the order.",
            Test = c => c.Config.Data.Shuffle || c.Config.Data.Curriculum ? None : Found(Warning, expected: "true", set: [("shuffle", true)]),
        },
        new()
        {
            Id = "CurriculumShares",
            Title = "A curriculum begins with some records and ends within the run",
            Settings = ["curriculum_end", "curriculum_start", "curriculum"],
            Source = Sources.Judgement,
            Levels = "Warning where it begins with less than a tenth or ends in the last tenth of the run",
            Why = "A few easy records repeated are learnt by heart, and hard ones must be seen while the learning rate is still up.",
            Test = c => !c.Config.Data.Curriculum ? None
                : c.Config.Data.CurriculumStart < 0.1 ? Found(Warning, $"The curriculum begins with {Percent(c.Config.Data.CurriculumStart)} of the records, again and again.", "0.2 to 0.5", [("curriculum_start", 0.3)], setting: "curriculum_start")
                : c.Config.Data.CurriculumEnd > 0.9 ? Found(Warning, $"The hardest records come in only after {Percent(c.Config.Data.CurriculumEnd)} of the run, when the learning rate has fallen.", "0.3 to 0.7", [("curriculum_end", 0.5)])
                : None,
        },
    ];

    // Lines of a text belong together: fewer rows a step, not rows of one line.
    private static (string, object?)[] SmallerStep(RuleContext c, RunOutline packed)
    {
        var rows = (int)Math.Max(1, packed.Rows * packed.Epochs / 100);
        var micro = Math.Min(rows, c.Config.Batch.PerDeviceTrainBatchSize!.Value);
        return [("per_device_train_batch_size", micro), ("gradient_accumulation_steps", Math.Max(1, rows / micro))];
    }

    private static bool IsPlainText(RuleContext c) =>
        c.Config.Data.DatasetFormat == DatasetFormat.Text || (c.Config.Data.DatasetFormat == DatasetFormat.Auto && c.Facts.Data?.Shape == Data.RecordShape.Text);
}
