using System.Globalization;
using System.Text;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Runs;

/// <summary>
/// README.md of an exported model: what it came from, on which data (by hash), with which settings, with what result, and
/// how the export was checked. The block at its head is what the Hub reads.
/// </summary>
public static class ModelCard
{
    /// <summary>Settings that are told even where they have their defaults.</summary>
    private static readonly HashSet<string> Essential = new(StringComparer.Ordinal)
    {
        "finetuning_type", "learning_rate", "lr_scheduler_type", "weight_decay", "max_grad_norm", "optim", "num_train_epochs", "per_device_train_batch_size",
        "gradient_accumulation_steps", "seed", "precision", "max_length", "packing", "lora_dropout",
    };

    /// <summary>Name of the file.</summary>
    public const string FileName = "README.md";

    /// <summary>Writes the text.</summary>
    /// <param name="export">What was written.</param>
    /// <param name="baseModel">Name or folder of the base; null for a model trained in full whose base is not known.</param>
    /// <param name="sources">What it was made of.</param>
    /// <param name="version">Version of TrainTools.</param>
    public static string Write(ExportedModel export, string? baseModel, IReadOnlyList<ExportSource> sources, string version)
    {
        ArgumentNullException.ThrowIfNull(export);
        ArgumentNullException.ThrowIfNull(sources);
        var runs = sources.Where(s => s.RunPath is not null).Select(s => (Source: s, Run: Open(s.RunPath!))).Where(r => r.Run is not null).ToList();
        var config = runs.Count > 0 ? runs[0].Run!.Value.Config : null;
        baseModel ??= config?.Model.ModelNameOrPath;
        var text = new StringBuilder();
        Head(text, export, baseModel, config);
        text.Append(CultureInfo.InvariantCulture, $"# {Path.GetFileName(Path.TrimEndingDirectorySeparator(export.Path))}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{What(export)} of {Code(baseModel is null ? "an unnamed base" : Name(baseModel))}, made with TrainTools {version}.\n");
        Origins(text, sources);
        foreach (var (source, run) in runs)
        {
            Training(text, source, run!.Value.Config, run.Value.Info, several: runs.Count > 1);
        }

        Export(text, export);
        Use(text, export, baseModel);
        return text.ToString();
    }

    private static void Head(StringBuilder text, ExportedModel export, string? baseModel, TrainingConfig? config)
    {
        text.Append("---\n");
        if (baseModel is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"base_model: {YamlText.Quote(Name(baseModel))}\n");
            text.Append(CultureInfo.InvariantCulture, $"base_model_relation: {(export.Kind == "adapter" ? "adapter" : export.Dtype is "nf4" or "int8" ? "quantized" : export.Adapters > 1 ? "merge" : "finetune")}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"library_name: {(export.Kind == "adapter" ? "peft" : "transformers")}\n");
        text.Append(CultureInfo.InvariantCulture, $"pipeline_tag: {config?.Task.TaskType switch
        {
            TaskType.SequenceClassification => "text-classification",
            TaskType.TokenClassification => "token-classification",
            TaskType.MaskedLm => "fill-mask",
            _ => "text-generation",
        }}\n");
        text.Append("tags:\n- fine-tuned\n");
        if (export.Adapters > 0)
        {
            text.Append("- lora\n");
        }

        text.Append("---\n\n");
    }

    private static string What(ExportedModel export) => (export.Kind, export.Adapters) switch
    {
        ("adapter", 1) => "A LoRA adapter",
        ("adapter", var n) => $"The weighted sum of {n} LoRA adapters",
        (_, 0) => "A fine-tuned copy",
        (_, 1) => "A fine-tuned copy, with its LoRA adapter merged into the weights,",
        (_, var n) => $"A fine-tuned copy, with {n} LoRA adapters merged into the weights,",
    };

    private static void Origins(StringBuilder text, IReadOnlyList<ExportSource> sources)
    {
        if (sources.Count < 2)
        {
            return;
        }

        text.Append("\n| Adapter | Weight |\n|---|---|\n");
        foreach (var source in sources)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {Cell(Name(source.RunPath ?? source.Path))} | {source.Weight} |\n");
        }
    }

    private static void Training(StringBuilder text, ExportSource source, TrainingConfig? config, RunInfo? info, bool several)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n## Training{(several ? $" of {Name(source.RunPath!)}" : string.Empty)}\n");
        var data = (config?.Data.DatasetPath ?? []).Concat(config?.Data.ValidationPath ?? []).ToList();
        if (data.Count > 0)
        {
            text.Append("\n| File | SHA-256 |\n|---|---|\n");
            foreach (var path in data)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {Cell(Path.GetFileName(path))} | {info?.Hashes.GetValueOrDefault(path) ?? "not known"} |\n");
            }

            foreach (var (name, title) in (ReadOnlySpan<(string, string)>)[("model_config", "config.json of the base"), ("tokenizer", "tokenizer.json"), ("chat_template", "chat template")])
            {
                if (info?.Hashes.GetValueOrDefault(name) is { } hash)
                {
                    text.Append(CultureInfo.InvariantCulture, $"| {title} | {hash} |\n");
                }
            }
        }

        if (config is not null)
        {
            text.Append("\n| Setting | Value |\n|---|---|\n");
            foreach (var setting in ConfigSchema.Settings.Where(s => !s.IsPath && (s.IsSet(config) || (Essential.Contains(s.Name) && s.Get(config) is not null))))
            {
                text.Append(CultureInfo.InvariantCulture, $"| {setting.Name} | {Cell(setting.Format(setting.Get(config)))} |\n");
            }
        }

        if (info?.Result is { } result)
        {
            text.Append("\n| Result | Value |\n|---|---|\n");
            Row(text, "state", result.State.ToString().ToLowerInvariant());
            Row(text, "steps", result.Steps.ToString(CultureInfo.InvariantCulture));
            Row(text, "tokens", result.NumInputTokens.ToString(CultureInfo.InvariantCulture));
            Row(text, "first_loss", Figure(result.FirstLoss));
            Row(text, "final_loss", Figure(result.FinalLoss));
            Row(text, "train_loss", Figure(result.TrainLoss));
            foreach (var (name, value) in result.EvaluationMetrics ?? new Dictionary<string, double>())
            {
                Row(text, name, Figure(value));
            }

            Row(text, "train_runtime", string.Create(CultureInfo.InvariantCulture, $"{result.TrainSeconds:0.#} s on {info.Device}"));
        }

        foreach (var (name, version) in info?.Versions ?? new Dictionary<string, string>())
        {
            text.Append(name == info!.Versions.Keys.First() ? "\nVersions: " : ", ").Append(CultureInfo.InvariantCulture, $"{name} {version}");
        }

        text.Append(info?.Versions.Count > 0 ? ".\n" : string.Empty);
    }

    private static void Export(StringBuilder text, ExportedModel export)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n## Export\n\nWeights: {export.Dtype}, {export.WeightBytes / 1e6:0.##} MB in {export.WeightFiles.Count} {(export.WeightFiles.Count == 1 ? "file" : "files")}.\n");
        text.Append(export.LogitDifference is not { } difference ? "The export was not checked.\n" : string.Create(
            CultureInfo.InvariantCulture,
            $"Read again, its logits differ by at most {difference:0.##E+0} of the greatest from those of what was exported{(export.LogitBound is { } bound ? $" (bound: {bound:0.##E+0})" : string.Empty)}; the most likely token is the same at {100 * export.TopTokenAgreement:0.#} % of the positions tried.\n"));
    }

    private static void Use(StringBuilder text, ExportedModel export, string? baseModel)
    {
        text.Append("\n## Use\n\n```powershell\n'Once upon a time' | Invoke-FineTunedModel -Path .");
        text.Append(export.Kind == "adapter" ? " -BaseModelPath BASE" : string.Empty).Append("\n```\n\n```python\n");
        text.Append(export.Kind == "adapter"
            ? $"from peft import PeftModel\nfrom transformers import AutoModelForCausalLM\n\nmodel = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(\"{(baseModel is null ? "BASE" : Name(baseModel))}\"), \".\")\n"
            : "from transformers import AutoModelForCausalLM\n\nmodel = AutoModelForCausalLM.from_pretrained(\".\")\n");
        text.Append("```\n");
    }

    private static void Row(StringBuilder text, string name, string value)
    {
        if (value.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {Cell(value)} |\n");
        }
    }

    private static string Figure(double? value) => value?.ToString("G6", CultureInfo.InvariantCulture) ?? string.Empty;

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("\n", " ", StringComparison.Ordinal);

    private static string Code(string text) => $"`{text.Replace('`', '\'')}`";

    // A folder of this machine says nothing elsewhere: its last name does. Names on the Hub (owner/name) stay.
    private static string Name(string path) => Path.IsPathRooted(path) || Directory.Exists(path) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(path)) : path;

    private static (TrainingConfig? Config, RunInfo? Info)? Open(string path)
    {
        var folder = new RunFolder(path);
        TrainingConfig? config = null;
        try
        {
            config = File.Exists(folder.ConfigPath) ? ConfigYaml.Read(folder.ConfigPath) : null;
        }
        catch (TrainToolsException)
        {
            // The model is what was asked for; a card without settings says so by having none.
        }

        return (config, RunInfo.TryLoad(folder));
    }
}
