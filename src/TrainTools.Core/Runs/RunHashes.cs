using TrainTools.Core.Configuration;
using TrainTools.Core.Files;

namespace TrainTools.Core.Runs;

/// <summary>Hashes of everything a run depends on, so that a resumed run can tell what has changed.</summary>
public static class RunHashes
{
    /// <summary>SHA-256 by name: config, model_config, tokenizer, chat_template, and each data file by its path. Files that are not there are left out.</summary>
    public static IReadOnlyDictionary<string, string> Of(RunFolder folder, TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(config);
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(hashes, "config", folder.ConfigPath);
        if (config.Model.ModelNameOrPath is { } model)
        {
            Add(hashes, "model_config", Path.Combine(model, "config.json"));
            Add(hashes, "tokenizer", Path.Combine(config.Model.TokenizerPath ?? model, "tokenizer.json"));
        }

        if (config.Model.ChatTemplatePath is { } template)
        {
            Add(hashes, "chat_template", template);
        }

        foreach (var data in config.Data.DatasetPath.Concat(config.Data.ValidationPath))
        {
            Add(hashes, data, data);
        }

        return hashes;
    }

    private static void Add(Dictionary<string, string> hashes, string name, string path)
    {
        if (File.Exists(path))
        {
            hashes[name] = FileHash.Sha256(path);
        }
    }
}
