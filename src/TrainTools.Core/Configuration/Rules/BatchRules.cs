using static TrainTools.Core.Configuration.ConfigText;
using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on batch size, accumulation and the number of steps.</summary>
internal static class BatchRules
{
    private const int FewSteps = 20;

    // With this many records one pass is a full run.
    private const int PlentifulRecords = 50_000;

    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "NoSteps",
            Title = "There is at least one step to make",
            Settings = ["dataset_path", "validation_split"],
            Source = Sources.Semantics,
            Levels = "Error where no record is left to train on",
            Why = "The run would end before its first step.",
            Test = c => c.Facts.Data?.Records is not { } records || c.Outline is not null || c.Config.Data.DatasetPath.Any(p => !File.Exists(p)) ? None
                : records == 0 ? Found(Error, "The training files hold no record: an epoch has no step.", "at least one record", remedy: "Check the files.")
                : Found(Error, $"Of {records} records none is left after validation_split: an epoch has no step.", "at least one record", [("validation_split", null)], setting: "validation_split"),
        },
        new()
        {
            Id = "EffectiveBatchRange",
            Title = "The effective batch fits the method",
            Settings = ["gradient_accumulation_steps", "per_device_train_batch_size", "finetuning_type"],
            Source = "see the table of ranges in docs/tuning-notes.md",
            Levels = "Warning below a quarter of the range or above four times of it, Info outside the range; small data sets are spared the lower end",
            Why = "Rows a step = per_device_train_batch_size x gradient_accumulation_steps. Too few make noisy steps, too many leave too few steps.",
            Test = EffectiveBatch,
        },
        new()
        {
            Id = "BatchLargerThanData",
            Title = "The batch is smaller than the data set",
            Settings = ["per_device_train_batch_size", "gradient_accumulation_steps"],
            Source = Sources.Semantics,
            Levels = "Warning where one step takes the whole epoch",
            Why = "Every step then sees the same records: it is full-batch descent, and an epoch is one step.",
            Test = c => c.Outline is not { } run || run.EffectiveBatch < run.Rows ? None : Found(
                Warning,
                $"A step takes {run.EffectiveBatch} rows and an epoch has {run.Rows}: an epoch is a single step.",
                $"at most {Math.Max(1, run.Rows / FewSteps)} rows a step",
                [("per_device_train_batch_size", Math.Max(1, Math.Min(c.Config.Batch.PerDeviceTrainBatchSize!.Value, run.Rows / FewSteps))), ("gradient_accumulation_steps", 1)]),
        },
        new()
        {
            Id = "FewSteps",
            Title = "The run has enough steps for its schedule",
            Settings = ["num_train_epochs", "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps"],
            Source = Sources.Judgement,
            Levels = "Warning below 20 steps",
            Why = "A warm-up and a decay need steps to act on, and Adam's second moment averages over hundreds.",
            Test = c => c.Outline is not { } run || run.Plan.MaxSteps >= FewSteps || run.EffectiveBatch >= run.Rows ? None : Found(
                Warning,
                $"The run makes {run.Plan.MaxSteps} optimizer step{(run.Plan.MaxSteps == 1 ? string.Empty : "s")} ({run.Rows} rows, {run.EffectiveBatch} a step, {run.Epochs.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture)} epochs).",
                "20 steps or more",
                remedy: $"Lower the batch or the accumulation, {(c.Config.Data.Packing == true ? "switch packing off, " : string.Empty)}or train longer.",
                setting: c.Config.Duration.MaxSteps is null ? "num_train_epochs" : "max_steps"),
        },
        new()
        {
            Id = "AccumulationCost",
            Title = "Accumulation is needed",
            Settings = ["gradient_accumulation_steps", "per_device_train_batch_size"],
            Source = Sources.Notes,
            Levels = "Info where a larger micro-batch gives the same step for less, or where a step takes more than 64 passes",
            Why = "Accumulation buys a larger batch for less memory and pays in time: every step makes that many passes through the model.",
            Test = c =>
            {
                var (micro, passes) = (c.Config.Batch.PerDeviceTrainBatchSize!.Value, c.Config.Batch.GradientAccumulationSteps!.Value);
                return passes > 64 ? Found(Info, $"Every optimizer step makes {passes} passes through the model; the run shows its first loss after as many.", "at most 64", remedy: "Raise per_device_train_batch_size where memory allows, or take a smaller effective batch.")
                    : passes > 1 && c.Practice.IsSmall && (long)micro * passes <= 32 ? Found(
                        Info,
                        $"A model{c.ModelSize} takes {micro * passes} rows at once: {passes} passes of {micro} compute the same step more slowly.",
                        "1",
                        [("per_device_train_batch_size", micro * passes), ("gradient_accumulation_steps", 1)])
                    : None;
            },
        },
        new()
        {
            Id = "EpochsRange",
            Title = "The number of epochs fits the model and the data",
            Settings = ["num_train_epochs", "max_steps", "early_stopping_patience"],
            Source = Sources.Notes,
            Levels = "Warning above the range, Info below it (not for 50,000 records and more, nor where max_steps sets the length)",
            Why = "The notes: small models 3 to 5 epochs, large ones 2 to 4, and 3 to 10 only with early stopping (as for NER). Published SFT recipes take 1 to 3.",
            Test = Epochs,
        },
        new()
        {
            Id = "EpochsAndSteps",
            Title = "The length of the run is given once",
            Settings = ["num_train_epochs", "max_steps"],
            Source = Sources.Transformers,
            Levels = "Info where both are set",
            Why = "max_steps wins; num_train_epochs is not read.",
            Test = c => c.Given.Duration is { NumTrainEpochs: not null, MaxSteps: not null } ? Found(Info, expected: "one of the two", set: [("num_train_epochs", null)]) : None,
        },
    ];

    private static IEnumerable<ConfigFinding> EffectiveBatch(RuleContext c)
    {
        var (micro, passes) = (c.Config.Batch.PerDeviceTrainBatchSize!.Value, c.Config.Batch.GradientAccumulationSteps!.Value);
        var rows = (long)micro * passes;
        var range = c.Practice.EffectiveBatch;
        // A step of a twentieth of the data is as large as small data allows.
        var low = c.Outline is { } run ? Math.Min(range.Low, Math.Max(1, run.Rows / 20)) : range.Low;
        if (c.Config.Data.Packing == true || (rows >= low && rows <= range.High) || rows >= c.Outline?.Rows)
        {
            // A packed row holds several records; what counts there are tokens, and the few-updates rule looks at them.
            // A step that takes the whole epoch is BatchLargerThanData's matter.
            return None;
        }

        var wanted = rows < low ? Math.Max((int)low, micro) : (int)range.High;
        var newPasses = Math.Max(1, (int)Math.Ceiling((double)wanted / micro));
        return Found(
            rows < low / 4 || rows > range.High * 4 ? Warning : Info,
            rows < low
                ? $"{micro} x {passes} = {rows} rows a step is few for {range.For} ({range}): the gradient is noisy. Accumulation would cost no memory and the same passes an epoch."
                : $"{micro} x {passes} = {rows} rows a step is a lot for {range.For} ({range}): the run makes few updates.",
            $"{range} rows a step",
            rows < low ? [("gradient_accumulation_steps", newPasses)]
                : micro > range.High ? [("per_device_train_batch_size", (int)range.High), ("gradient_accumulation_steps", 1)]
                : [("gradient_accumulation_steps", Math.Max(1, (int)range.High / micro))]);
    }

    private static IEnumerable<ConfigFinding> Epochs(RuleContext c)
    {
        var range = c.Practice.Epochs;
        var fromSteps = c.Config.Duration.MaxSteps is not null;
        var epochs = fromSteps ? c.Outline?.Epochs : c.Config.Duration.NumTrainEpochs;
        var plentiful = c.Outline?.Records >= PlentifulRecords;
        if (epochs is not { } n || range.Contains(n) || (n < range.Low && (fromSteps || plentiful)))
        {
            return None;
        }

        var shown = n.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture);
        var data = c.Outline is { } run ? $" over {Count(run.Records)} records" : string.Empty;
        (string, object?)[] set = fromSteps ? [("max_steps", (int)Math.Max(1, range.High * c.Outline!.Plan.UpdatesPerEpoch))] : [("num_train_epochs", n > range.High ? range.High : range.Low)];
        return n > range.High
            ? Found(
                Warning,
                c.Practice.StopsEarly
                    ? $"{shown} epochs{data} are more than early stopping should need ({range})."
                    : $"{shown} epochs{data} without early stopping: the notes take {range} for {range.For}, and 3 to 10 only where early stopping ends the run. The model is likely to learn the records by heart.",
                $"{range}{(c.Practice.StopsEarly ? string.Empty : ", or up to 10 with early stopping")}",
                set,
                setting: fromSteps ? "max_steps" : "num_train_epochs")
            : Found(
                Info,
                $"{shown} epochs{data}; the notes take {range} for {range.For}. Many SFT recipes on large data make 1 to 3.",
                range.ToString(),
                set);
    }
}
