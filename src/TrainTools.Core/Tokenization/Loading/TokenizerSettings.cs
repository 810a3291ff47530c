namespace TrainTools.Core.Tokenization.Loading;

/// <summary>What stands beside tokenizer.json: tokenizer_config.json, special_tokens_map.json, added_tokens.json and chat templates.</summary>
internal sealed class TokenizerSettings
{
    private readonly Dictionary<string, string> _roles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _templates = new(StringComparer.Ordinal);
    private readonly List<AddedTokenEntry> _added = [];

    public string? Bos => Role("bos_token");

    public string? Eos => Role("eos_token");

    public string? Pad => Role("pad_token");

    public string? Unknown => Role("unk_token");

    /// <summary>Chat templates by name; the unnamed one is "default".</summary>
    public IReadOnlyDictionary<string, string> ChatTemplates => _templates;

    /// <summary>Added tokens these files tell of.</summary>
    public IReadOnlyList<AddedTokenEntry> AddedTokens => _added;

    /// <summary>Reads what there is in a folder.</summary>
    public static TokenizerSettings Read(string folder)
    {
        var settings = new TokenizerSettings();
        settings.ReadConfig(Path.Combine(folder, "tokenizer_config.json"));
        settings.ReadTemplateFiles(folder);
        return settings;
    }

    private string? Role(string name) => _roles.GetValueOrDefault(name);

    private void ReadConfig(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var document = JsonPart.Parse(path);
        var root = new JsonPart(document.RootElement, path);
        foreach (var role in new[] { "bos_token", "eos_token", "pad_token", "unk_token" })
        {
            if (root.Find(role) is { } token)
            {
                _roles[role] = token.IsText ? token.AsText() : token.Text("content");
            }
        }

        if (root.Find("chat_template") is { IsText: true } template)
        {
            _templates["default"] = template.AsText();
        }
        else if (root.Find("chat_template") is { } named)
        {
            foreach (var entry in named.Items())
            {
                _templates[entry.Text("name")] = entry.Text("template");
            }
        }
    }

    /// <summary>Files count before the member of tokenizer_config.json.</summary>
    private void ReadTemplateFiles(string folder)
    {
        var single = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(single))
        {
            _templates["default"] = File.ReadAllText(single);
        }

        var more = Path.Combine(folder, "additional_chat_templates");
        if (Directory.Exists(more))
        {
            foreach (var file in Directory.EnumerateFiles(more, "*.jinja").Order(StringComparer.Ordinal))
            {
                _templates[Path.GetFileNameWithoutExtension(file)] = File.ReadAllText(file);
            }
        }
    }
}
