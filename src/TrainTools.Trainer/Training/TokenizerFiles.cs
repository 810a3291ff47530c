using TrainTools.Core.Configuration;
using TrainTools.Core.Files;

namespace TrainTools.Trainer.Training;

/// <summary>Puts the tokenizer that was trained with beside the result, where it is not there already: another than the model's own, or an adapter's.</summary>
internal static class TokenizerFiles
{
    private static readonly string[] Names =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
        "tokenizer.model", "chat_template.jinja",
    ];

    public static void Copy(ModelConfig config, string target)
    {
        var there = Names.Any(n => File.Exists(Path.Combine(target, n)));
        if ((config.TokenizerPath ?? (there ? null : config.ModelNameOrPath)) is { } source)
        {
            foreach (var name in Names.Where(n => File.Exists(Path.Combine(source, n))))
            {
                AtomicFile.WriteBytes(Path.Combine(target, name), File.ReadAllBytes(Path.Combine(source, name)));
            }
        }

        if (config.ChatTemplatePath is { } template)
        {
            AtomicFile.WriteBytes(Path.Combine(target, "chat_template.jinja"), File.ReadAllBytes(template));
        }
    }

    /// <summary>Puts a tokenizer beside an exported model: the one that lies with what is exported, else its base's.</summary>
    public static void CopyFrom(string source, string? basePath, string target)
    {
        var from = Names.Any(n => File.Exists(Path.Combine(source, n))) ? source : basePath;
        if (from is null)
        {
            return;
        }

        foreach (var name in Names.Where(n => File.Exists(Path.Combine(from, n))))
        {
            AtomicFile.WriteBytes(Path.Combine(target, name), File.ReadAllBytes(Path.Combine(from, name)));
        }
    }
}
