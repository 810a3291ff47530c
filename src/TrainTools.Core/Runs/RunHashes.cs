using System.Collections.Concurrent;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Models;

namespace TrainTools.Core.Runs;

/// <summary>Hashes of everything a run depends on, so that a resumed run can tell what has changed.</summary>
public static class RunHashes
{
    /// <summary>Prefix of the names of the base model's weight files.</summary>
    public const string WeightsPrefix = "model_weights/";

    /// <summary>Prefix of the names of the tokenizer's files besides tokenizer.json.</summary>
    public const string TokenizerPrefix = "tokenizer/";

    private static readonly string[] TokenizerFiles =
        ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "chat_template.jinja", "chat_template.json"];

    /// <summary>
    /// SHA-256 by name: config, model_config, model_weights/FILE, tokenizer, tokenizer/FILE, chat_template, and each data
    /// file by its path. Files that are not there are left out.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Of(RunFolder folder, TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(config);
        var files = new List<(string Name, string Path)> { ("config", folder.ConfigPath) };
        if (config.Model.ModelNameOrPath is { } model)
        {
            var tokenizer = config.Model.TokenizerPath ?? model;
            files.Add(("model_config", Path.Combine(model, "config.json")));
            files.AddRange(Weights(model).Select(f => (WeightsPrefix + Path.GetFileName(f), f)));
            files.Add(("tokenizer", Path.Combine(tokenizer, "tokenizer.json")));
            files.AddRange(TokenizerFiles.Select(f => (TokenizerPrefix + f, Path.Combine(tokenizer, f))));
        }

        if (config.Model.ChatTemplatePath is { } template)
        {
            files.Add(("chat_template", template));
        }

        files.AddRange(config.Data.DatasetPath.Concat(config.Data.ValidationPath).Select(d => (d, d)));

        // Several at a time: a processor hashes slower than a disk reads.
        var hashes = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        Parallel.ForEach(
            files.Where(f => File.Exists(f.Path)).DistinctBy(f => f.Name),
            new ParallelOptions { MaxDegreeOfParallelism = Math.Min(4, Environment.ProcessorCount) },
            file => hashes[file.Name] = FileHash.Sha256(file.Path));
        return files.DistinctBy(f => f.Name).Where(f => hashes.ContainsKey(f.Name)).ToDictionary(f => f.Name, f => hashes[f.Name], StringComparer.Ordinal);
    }

    private static IReadOnlyList<string> Weights(string model)
    {
        try
        {
            return Directory.Exists(model) ? ModelWeightFiles.Find(model) : [];
        }
        catch (TrainToolsException)
        {
            return []; // loading the model says what is wrong
        }
    }
}
