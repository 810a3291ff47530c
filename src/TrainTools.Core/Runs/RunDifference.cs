using TrainTools.Core.Configuration;

namespace TrainTools.Core.Runs;

/// <summary>What a difference between a checkpoint and the run that continues it does.</summary>
public enum DifferenceEffect
{
    /// <summary>Nothing that the training depends on.</summary>
    None,

    /// <summary>The same training; its last digits may differ.</summary>
    Digits,

    /// <summary>Another training.</summary>
    Training,
}

/// <summary>Something that is not as it was when a checkpoint was made.</summary>
/// <param name="Name">A setting, a file, a version.</param>
/// <param name="Effect">What it does.</param>
/// <param name="Text">The difference as words.</param>
public sealed record RunDifference(string Name, DifferenceEffect Effect, string Text)
{
    // What the weights do not depend on. A path alone does not matter: the hash of what is there does.
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "output_dir", "logging_steps", "tensorboard", "save_strategy", "save_steps", "save_total_limit", "per_device_eval_batch_size",
        "model_name_or_path", "tokenizer_path", "chat_template_path", "dataset_path", "validation_path", "auto_find_batch_size",
    };

    private static readonly HashSet<string> Digits = new(StringComparer.Ordinal) { "num_threads", "device", "gradient_checkpointing" };

    private static readonly HashSet<string> WhenToEvaluate = new(StringComparer.Ordinal) { "eval_strategy", "eval_steps" };

    /// <summary>The settings that differ between two configurations, in the schema's order.</summary>
    public static IReadOnlyList<RunDifference> Between(TrainingConfig was, TrainingConfig now)
    {
        ArgumentNullException.ThrowIfNull(was);
        ArgumentNullException.ThrowIfNull(now);
        return
        [
            .. ConfigSchema.Settings
                .Where(s => !Equals(s.Get(was), s.Get(now)))
                .Select(s => new RunDifference(s.Name, EffectOf(s.Name, now), $"{s.Name} was {s.Format(s.Get(was))} and is {s.Format(s.Get(now))}")),
        ];
    }

    /// <summary>The files that differ by their hashes. A data file that only moved is no difference.</summary>
    /// <param name="was">Hashes of the checkpoint.</param>
    /// <param name="now">Hashes of what is there now.</param>
    /// <param name="wasConfig">Its configuration; null where it is not known.</param>
    /// <param name="nowConfig">The configuration now.</param>
    public static IReadOnlyList<RunDifference> Between(
        IReadOnlyDictionary<string, string> was, IReadOnlyDictionary<string, string> now, TrainingConfig? wasConfig, TrainingConfig nowConfig)
    {
        ArgumentNullException.ThrowIfNull(was);
        ArgumentNullException.ThrowIfNull(now);
        ArgumentNullException.ThrowIfNull(nowConfig);
        var differences = new List<RunDifference>();
        foreach (var (label, path) in ((string, Func<TrainingConfig, SettingList>)[])[("data", c => c.Data.DatasetPath), ("validation data", c => c.Data.ValidationPath)])
        {
            differences.AddRange(Files(label, path(wasConfig ?? nowConfig), path(nowConfig), was, now));
        }

        var data = (wasConfig ?? nowConfig).Data.DatasetPath.Concat((wasConfig ?? nowConfig).Data.ValidationPath)
            .Concat(nowConfig.Data.DatasetPath).Concat(nowConfig.Data.ValidationPath).Append("config").ToHashSet(StringComparer.Ordinal);
        differences.AddRange(was.Keys.Union(now.Keys).Where(k => !data.Contains(k) && was.GetValueOrDefault(k) != now.GetValueOrDefault(k)).Order(StringComparer.Ordinal)
            .Select(k => new RunDifference(k, DifferenceEffect.Training, $"{Describe(k)} {(!was.ContainsKey(k) ? "was not there" : !now.ContainsKey(k) ? "is gone" : "has changed")}")));
        return differences;
    }

    /// <summary>The versions that differ.</summary>
    public static IReadOnlyList<RunDifference> Between(IReadOnlyDictionary<string, string> was, IReadOnlyDictionary<string, string> now) =>
    [
        .. was.Keys.Intersect(now.Keys).Where(k => was[k] != now[k]).Order(StringComparer.Ordinal)
            .Select(k => new RunDifference(k, DifferenceEffect.Digits, $"{k} was {was[k]} and is {now[k]}")),
    ];

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static DifferenceEffect EffectOf(string setting, TrainingConfig now)
    {
        if (Harmless.Contains(setting))
        {
            return DifferenceEffect.None;
        }

        // Evaluations decide something only where the schedule, patience or the best model hang on them.
        var decides = now.Evaluation.EarlyStoppingPatience is not null || now.Evaluation.LoadBestModelAtEnd
            || now.Schedule.LrSchedulerType is LrSchedulerType.ReduceLrOnPlateau or LrSchedulerType.Greedy;
        return WhenToEvaluate.Contains(setting) && !decides ? DifferenceEffect.None
            : Digits.Contains(setting) ? DifferenceEffect.Digits : DifferenceEffect.Training;
    }

    private static IEnumerable<RunDifference> Files(
        string label, SettingList wasPaths, SettingList nowPaths, IReadOnlyDictionary<string, string> was, IReadOnlyDictionary<string, string> now)
    {
        if (wasPaths.Select(was.GetValueOrDefault).SequenceEqual(nowPaths.Select(now.GetValueOrDefault)))
        {
            yield break;
        }

        var known = wasPaths.Select(was.GetValueOrDefault).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var there = nowPaths.Select(now.GetValueOrDefault).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var said = false;
        foreach (var path in wasPaths.Union(nowPaths))
        {
            var (before, after) = (was.GetValueOrDefault(path), now.GetValueOrDefault(path));
            var what = before == after ? null
                : before is null ? (known.Contains(after!) ? null : "is new")
                : after is null ? (there.Contains(before) ? null : "is gone") : "has changed";
            if (what is not null)
            {
                said = true;
                yield return new RunDifference(path, DifferenceEffect.Training, $"the {label} file {path} {what}");
            }
        }

        if (!said)
        {
            yield return new RunDifference(label, DifferenceEffect.Training, $"the {label} files are in another order or number");
        }
    }

    private static string Describe(string name) => name switch
    {
        "model_config" => "the base model's config.json",
        "tokenizer" => "the tokenizer's tokenizer.json",
        "chat_template" => "the chat template",
        _ when name.StartsWith(RunHashes.WeightsPrefix, StringComparison.Ordinal) => $"the base model's {name[RunHashes.WeightsPrefix.Length..]}",
        _ when name.StartsWith(RunHashes.TokenizerPrefix, StringComparison.Ordinal) => $"the tokenizer's {name[RunHashes.TokenizerPrefix.Length..]}",
        _ => $"'{name}'",
    };
}
