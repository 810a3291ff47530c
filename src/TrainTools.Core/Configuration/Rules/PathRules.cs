using TrainTools.Core.Errors;
using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on what the config names on disk.</summary>
internal static class PathRules
{
    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "ModelUsable",
            Title = "The model folder can be used",
            Settings = ["model_name_or_path"],
            Source = Sources.Semantics,
            Levels = "Error where the folder is not named, absent, or its config.json or weights cannot be read",
            Why = "Training starts from a model folder with config.json and *.safetensors.",
            Test = c => string.IsNullOrEmpty(c.Config.Model.ModelNameOrPath)
                ? Found(Error, "No model is named.", "a model folder", remedy: "Set model_name_or_path to a folder with config.json and *.safetensors.")
                : c.Facts.ModelProblem is { } problem ? Found(Error, problem.Message, "a model folder", remedy: problem.Remedy, errorId: problem.ErrorId)
                : None,
        },
        new()
        {
            Id = "DatasetExists",
            Title = "The training and validation files exist",
            Settings = ["dataset_path", "validation_path"],
            Source = Sources.Semantics,
            Levels = "Error for each file that is absent or empty, and where no training file is named",
            Why = "There is nothing to train on without data.",
            Test = c => c.Config.Data.DatasetPath.Count == 0
                ? Found(Error, "No training file is named.", "one file or more", remedy: "Set dataset_path.")
                : [.. c.Config.Data.DatasetPath.SelectMany(p => CheckFile(p, "dataset_path")), .. c.Config.Data.ValidationPath.SelectMany(p => CheckFile(p, "validation_path"))],
        },
        new()
        {
            Id = "DatasetNamedTwice",
            Title = "Each file is named once",
            Settings = ["dataset_path"],
            Source = "Lee et al., Deduplicating Training Data Makes Language Models Better (2022)",
            Levels = "Warning",
            Why = "Records of a file that is named twice weigh double and are learnt by heart sooner.",
            Test = c =>
            {
                var twice = c.Config.Data.DatasetPath.GroupBy(Path.GetFullPath, OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
                return twice is null ? None : Found(
                    Warning, $"{twice.First()} is named {twice.Count()} times: its records weigh that much more.", "each file once", [("dataset_path", SettingList.From(c.Config.Data.DatasetPath.DistinctBy(Path.GetFullPath)))]);
            },
        },
        new()
        {
            Id = "TokenizerExists",
            Title = "The tokenizer's and the chat template's files exist",
            Settings = ["tokenizer_path", "chat_template_path", "model_name_or_path"],
            Source = Sources.Semantics,
            Levels = "Error where tokenizer.json or the template file is absent",
            Why = "Without its tokenizer a model cannot read the data.",
            Test = CheckTokenizer,
        },
        new()
        {
            Id = "OutputFolder",
            Title = "The output folder can be written",
            Settings = ["output_dir"],
            Source = Sources.Semantics,
            Levels = "Error where it is a file or inside the model folder, Warning where it holds something already",
            Why = "A run writes its checkpoints, metrics and result to its folder.",
            Test = CheckOutput,
        },
    ];

    private static IEnumerable<ConfigFinding> CheckFile(string path, string setting)
    {
        if (!File.Exists(path))
        {
            return Found(Error, Directory.Exists(path) ? $"{path} is a folder, and a file is wanted." : $"The file {path} does not exist.", "a file that exists", remedy: "Check the path.", setting: setting, errorId: ErrorIds.DatasetNotFound);
        }

        return new FileInfo(path).Length == 0
            ? Found(Error, $"The file {path} is empty.", "a file with records", remedy: "Check the file.", setting: setting, errorId: ErrorIds.DatasetEmpty)
            : None;
    }

    private static IEnumerable<ConfigFinding> CheckTokenizer(RuleContext c)
    {
        var model = c.Config.Model;
        if (model.ChatTemplatePath is { } template && !File.Exists(template))
        {
            yield return Found(Error, $"The chat template {template} does not exist.", "a Jinja file", remedy: "Check the path.", setting: "chat_template_path").Single();
        }

        var folder = model.TokenizerPath ?? model.ModelNameOrPath;
        var explicitly = model.TokenizerPath is not null;
        if (!string.IsNullOrEmpty(folder) && (explicitly || c.Facts.Model is not null) && !HasTokenizer(folder))
        {
            yield return Found(Error, $"{folder} holds no tokenizer.json.", "tokenizer.json", remedy: "Copy it from the model's page, or set tokenizer_path to a folder that holds it.", setting: explicitly ? "tokenizer_path" : "model_name_or_path").Single();
        }
    }

    // tokenizer.json, or the classic files of GPT-2 and BERT.
    private static bool HasTokenizer(string folder) =>
        File.Exists(Path.Combine(folder, "tokenizer.json")) || File.Exists(Path.Combine(folder, "vocab.txt"))
        || (File.Exists(Path.Combine(folder, "vocab.json")) && File.Exists(Path.Combine(folder, "merges.txt")));

    private static IEnumerable<ConfigFinding> CheckOutput(RuleContext c)
    {
        var output = c.Config.OutputDir;
        if (string.IsNullOrEmpty(output))
        {
            return None;
        }

        if (File.Exists(output))
        {
            return Found(Error, $"{output} is a file.", "a folder", remedy: "Choose another output_dir.");
        }

        var full = Path.GetFullPath(output);
        if (c.Config.Model.ModelNameOrPath is { Length: > 0 } model && (full + Path.DirectorySeparatorChar).StartsWith(Path.GetFullPath(model) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            return Found(Error, "The output folder is the model folder or lies in it: the run would write over its own base.", "a folder of its own", remedy: "Choose another output_dir.");
        }

        return Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any()
            ? Found(Warning, $"{output} is not empty; Start-FineTune refuses it without -Force.", "a folder that is empty or does not exist", remedy: "Choose another output_dir.")
            : None;
    }
}
