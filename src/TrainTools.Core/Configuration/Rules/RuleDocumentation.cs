using System.Text;

namespace TrainTools.Core.Configuration;

/// <summary>docs/rules.md, made from the rules themselves.</summary>
public static class RuleDocumentation
{
    private static readonly (string Title, string Yaml, long Parameters)[] Cases =
    [
        ("Full, language model, above 13 B", "{}", 30_000_000_000),
        ("Full, language model, 200 M to 13 B", "{}", 7_000_000_000),
        ("Full, language model, 10 M to 200 M", "{}", 100_000_000),
        ("Full, below 10 M", "{}", 1_000_000),
        ("Full, classifier or tagger", "task_type: sequence-classification", 110_000_000),
        ("LoRA, above 13 B", "finetuning_type: lora", 30_000_000_000),
        ("LoRA, 200 M to 13 B", "finetuning_type: lora", 7_000_000_000),
        ("LoRA, 10 M to 200 M", "finetuning_type: lora", 100_000_000),
        ("LoRA, below 10 M", "finetuning_type: lora", 1_000_000),
        ("LoRA, classifier or tagger", "{task_type: sequence-classification, finetuning_type: lora}", 110_000_000),
        ("QLoRA, above 13 B", "finetuning_type: qlora", 70_000_000_000),
        ("QLoRA, up to 13 B", "finetuning_type: qlora", 7_000_000_000),
    ];

    /// <summary>The page as Markdown.</summary>
    public static string Write()
    {
        var text = new StringBuilder("""
            # The rules of Test-TrainingConfig

            This page is generated from the rules; a test fails when it is not current. What the sources say is in
            [tuning-notes.md](tuning-notes.md). `Test-TrainingConfig -Rule` and `-ExcludeRule` take the ids, with wildcards;
            `-Fix` applies the remedies of Warnings and Errors that are settings.

            ## Ranges

            Derived defaults are the values in brackets; the rules hold a config against the ranges. Where early stopping ends
            the run, 3 to 10 epochs are right (10).

            | Method, task and model size | learning_rate | max_grad_norm | num_train_epochs | Rows a step | Source of the learning rate |
            |---|---|---|---|---|---|

            """);
        foreach (var (title, yaml, parameters) in Cases)
        {
            var practice = new TuningPractice(ConfigYaml.Parse(yaml), parameters);
            text.Append("| ").Append(title);
            foreach (var range in new[] { practice.LearningRate, practice.MaxGradNorm, practice.Epochs, practice.EffectiveBatch })
            {
                text.Append(" | ").Append(range).Append(range.Low == range.High ? string.Empty : $" ({ConfigText.Number(range.Start)})");
            }

            text.Append(" | ").Append(practice.LearningRate.Source).Append(" |\n");
        }

        text.Append("\nOf any run: ")
            .Append("weight_decay ").Append(TuningPractice.WeightDecay).Append(" (").Append(ConfigText.Number(TuningPractice.WeightDecay.Start)).Append("), ")
            .Append("warm-up ").Append(ConfigText.Percent(TuningPractice.WarmupShare.Low)).Append(" to ").Append(ConfigText.Percent(TuningPractice.WarmupShare.High))
            .Append(" of the steps. Of adapters: lora_r ").Append(TuningPractice.LoraRank).Append(" (").Append(ConfigText.Number(TuningPractice.LoraRank.Start))
            .Append("), lora_dropout ").Append(TuningPractice.LoraDropout).Append(" (").Append(ConfigText.Number(TuningPractice.LoraDropout.Start)).Append(").\n\n## Rules\n");
        foreach (var rule in ConfigRules.All)
        {
            text.Append("\n### ").Append(rule.Id).Append("\n\n").Append(rule.Title).Append(". ").Append(rule.Why).Append("\n\n");
            text.Append("- Speaks: ").Append(rule.Levels).Append('\n');
            text.Append("- Reads: ").Append(Settings(rule)).Append(rule.ReadsData ? ", and a sample of the records" : string.Empty).Append('\n');
            text.Append("- Source: ").Append(rule.Source).Append('\n');
        }

        return text.ToString();
    }

    private static string Settings(ConfigRule rule) => rule.Settings.Count > 20
        ? "every setting with bounds"
        : string.Join(", ", rule.Settings.Select(s => $"`{s}`"));
}
