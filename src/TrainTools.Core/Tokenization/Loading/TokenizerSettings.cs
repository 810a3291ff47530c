namespace TrainTools.Core.Tokenization.Loading;

/// <summary>
/// What stands beside tokenizer.json: tokenizer_config.json, special_tokens_map.json, added_tokens.json and chat
/// templates, read the way transformers reads them.
/// </summary>
internal sealed class TokenizerSettings
{
    /// <summary>The parts a token can play.</summary>
    public static readonly string[] Roles =
        ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>transformers writes 1e30 where a tokenizer has no limit.</summary>
    private const double NoLimit = 1e9;

    private readonly Dictionary<string, AddedTokenEntry> _roles = new(StringComparer.Ordinal);
    private readonly List<AddedTokenEntry> _extra = [];
    private readonly List<AddedTokenEntry> _listed = [];
    private bool _hasConfigTokens;

    /// <summary>Chat templates by name; the unnamed one is "default".</summary>
    public Dictionary<string, string> ChatTemplates { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether BOS is put before a text; null: as tokenizer.json has it.</summary>
    public bool? AddBos { get; private set; }

    /// <summary>Whether EOS is put behind a text; null: as tokenizer.json has it.</summary>
    public bool? AddEos { get; private set; }

    /// <summary>Most tokens the model takes; null: not said.</summary>
    public int? ModelMaxLength { get; private set; }

    public TokenSide PaddingSide { get; private set; }

    public TokenSide TruncationSide { get; private set; }

    public bool? CleanUpSpaces { get; private set; }

    /// <summary>Whether special tokens in a text are taken as plain text.</summary>
    public bool SplitSpecialTokens { get; private set; }

    /// <summary>Segment id of padding.</summary>
    public int PadTypeId { get; private set; }

    /// <summary>BERT's settings, which count before tokenizer.json's: lower case, accents, Chinese characters.</summary>
    public (bool? Lowercase, bool? StripAccents, bool? Chinese) Bert { get; private set; }

    /// <summary>The class transformers would use, or "".</summary>
    public string TokenizerClass { get; private set; } = "";

    /// <summary>Whether byte-level words get a space in front, where there is no tokenizer.json to say so.</summary>
    public bool AddPrefixSpace { get; private set; }

    /// <summary>Text of the token that plays a part, or null.</summary>
    public string? Role(string name) => _roles.GetValueOrDefault(name)?.Content;

    /// <summary>Special tokens without a part of their own.</summary>
    public IEnumerable<string> ExtraSpecialTokens => _extra.Select(e => e.Content);

    /// <summary>Reads what there is in a folder.</summary>
    public static TokenizerSettings Read(string folder)
    {
        var settings = new TokenizerSettings();
        settings.ReadConfig(Path.Combine(folder, "tokenizer_config.json"));
        if (!settings._hasConfigTokens)
        {
            settings.ReadSpecialTokensMap(Path.Combine(folder, "special_tokens_map.json"));
            settings.ReadAddedTokens(Path.Combine(folder, "added_tokens.json"));
        }

        settings.ReadTemplateFiles(folder);
        return settings;
    }

    /// <summary>
    /// The added tokens of the file with those of the settings: the settings' flags count before the file's, and a
    /// token that plays a part is special.
    /// </summary>
    public List<AddedTokenEntry> Combine(IEnumerable<AddedTokenEntry> fromFile)
    {
        var combined = new Dictionary<string, AddedTokenEntry>(StringComparer.Ordinal);
        var order = new List<string>();
        foreach (var entry in fromFile.Concat(_listed))
        {
            if (!combined.TryGetValue(entry.Content, out var known))
            {
                order.Add(entry.Content);
            }

            combined[entry.Content] = known is not null && entry.IsBare ? known : entry with { Id = known?.Id ?? entry.Id };
        }

        foreach (var entry in Roles.Where(_roles.ContainsKey).Select(r => _roles[r]).Concat(_extra))
        {
            if (!combined.TryGetValue(entry.Content, out var known))
            {
                order.Add(entry.Content);
                combined.Add(entry.Content, entry with { Flags = entry.Flags with { Special = true } });
                continue;
            }

            var flags = entry.IsBare ? known.Flags : entry.Flags;
            combined[entry.Content] = known with { Flags = flags with { Special = true } };
        }

        return [.. order.Select(content => combined[content])];
    }

    /// <summary>Gives parts that no file names their usual tokens, as far as the vocabulary has them.</summary>
    public void FillRoles(Models.Vocabulary vocabulary, params (string Role, string Token)[] defaults)
    {
        foreach (var (role, token) in defaults.Where(d => vocabulary.Find(d.Token) >= 0))
        {
            _roles.TryAdd(role, new AddedTokenEntry(token, null, new AddedToken(token, 0) { Special = true }) { IsBare = true });
        }
    }

    private static TokenSide ReadSide(JsonPart root, string name) => root.TextOrNull(name) switch
    {
        "left" => TokenSide.Left,
        null or "right" => TokenSide.Right,
        _ => throw root.Get(name).Wrong("\"left\" or \"right\""),
    };

    private void ReadConfig(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var document = JsonPart.Parse(path);
        var root = new JsonPart(document.RootElement, path);
        ReadRoles(root);
        if (root.Find("added_tokens_decoder") is { } listed)
        {
            _hasConfigTokens = true;
            foreach (var entry in listed.Element.EnumerateObject())
            {
                var token = new JsonPart(entry.Value, path, $"added_tokens_decoder.{entry.Name}");
                if (!int.TryParse(entry.Name, System.Globalization.CultureInfo.InvariantCulture, out var id))
                {
                    throw token.Wrong("an id as the token's name");
                }

                _listed.Add(AddedTokenEntry.Read(token, special: false) with { Id = id });
            }
        }

        TokenizerClass = root.TextOrNull("tokenizer_class") ?? "";
        AddPrefixSpace = root.Flag("add_prefix_space", false);
        AddBos = root.FlagOrNull("add_bos_token");
        AddEos = root.FlagOrNull("add_eos_token");
        PaddingSide = ReadSide(root, "padding_side");
        TruncationSide = ReadSide(root, "truncation_side");
        CleanUpSpaces = root.FlagOrNull("clean_up_tokenization_spaces");
        SplitSpecialTokens = root.Flag("split_special_tokens", false);
        PadTypeId = root.Number("pad_token_type_id", 0);
        Bert = (root.FlagOrNull("do_lower_case"), root.FlagOrNull("strip_accents"), root.FlagOrNull("tokenize_chinese_chars"));
        if (root.Find("model_max_length") is { } limit && limit.AsReal() is > 0 and < NoLimit and var length)
        {
            ModelMaxLength = (int)length;
        }

        ReadTemplates(root);
    }

    private void ReadTemplates(JsonPart root)
    {
        if (root.Find("chat_template") is not { } template)
        {
            return;
        }

        if (template.IsText)
        {
            ChatTemplates["default"] = template.AsText();
            return;
        }

        foreach (var entry in template.Items())
        {
            ChatTemplates[entry.Text("name")] = entry.Text("template");
        }
    }

    private void ReadRoles(JsonPart root)
    {
        foreach (var role in Roles)
        {
            if (root.Find(role) is { } token)
            {
                _roles[role] = ReadToken(token);
            }
        }

        foreach (var name in new[] { "additional_special_tokens", "extra_special_tokens" })
        {
            if (root.Find(name) is not { } more)
            {
                continue;
            }

            _extra.Clear();
            if (more.IsArray)
            {
                _extra.AddRange(more.Items().Select(ReadToken));
            }
            else if (more.IsObject)
            {
                // Named extra tokens, such as {"image_token": "<image>"}.
                foreach (var entry in more.Element.EnumerateObject())
                {
                    _extra.Add(ReadToken(new JsonPart(entry.Value, more.File, $"{more.Path}.{entry.Name}")));
                }
            }
            else
            {
                throw more.Wrong("a list of tokens");
            }
        }
    }

    private static AddedTokenEntry ReadToken(JsonPart part)
    {
        if (part.IsText)
        {
            var content = part.AsText();
            return new AddedTokenEntry(content, null, new AddedToken(content, 0) { Special = true }) { IsBare = true };
        }

        return AddedTokenEntry.Read(part, special: true) with { Id = null };
    }

    private void ReadSpecialTokensMap(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        // Where it is read at all, it counts before tokenizer_config.json.
        using var document = JsonPart.Parse(path);
        ReadRoles(new JsonPart(document.RootElement, path));
    }

    private void ReadAddedTokens(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var document = JsonPart.Parse(path);
        var root = new JsonPart(document.RootElement, path);
        if (!root.IsObject)
        {
            throw root.Wrong("an object of token: id");
        }

        var special = _roles.Values.Concat(_extra).Select(e => e.Content).ToHashSet(StringComparer.Ordinal);
        foreach (var entry in root.Element.EnumerateObject().OrderBy(e => new JsonPart(e.Value, path, e.Name).AsNumber()))
        {
            var isSpecial = special.Contains(entry.Name);
            var flags = new AddedToken(entry.Name, 0) { Special = isSpecial, Normalized = !isSpecial };
            _listed.Add(new AddedTokenEntry(entry.Name, entry.Value.GetInt32(), flags) { IsBare = true });
        }
    }

    /// <summary>Files count before the member of tokenizer_config.json.</summary>
    private void ReadTemplateFiles(string folder)
    {
        var single = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(single))
        {
            ChatTemplates["default"] = File.ReadAllText(single);
        }

        // Processors of models that also take images keep the template in a file of its own.
        var json = Path.Combine(folder, "chat_template.json");
        if (ChatTemplates.Count == 0 && File.Exists(json))
        {
            using var document = JsonPart.Parse(json);
            ReadTemplates(new JsonPart(document.RootElement, json));
        }

        var more = Path.Combine(folder, "additional_chat_templates");
        if (Directory.Exists(more))
        {
            foreach (var file in Directory.EnumerateFiles(more, "*.jinja").Order(StringComparer.Ordinal))
            {
                ChatTemplates[Path.GetFileNameWithoutExtension(file)] = File.ReadAllText(file);
            }
        }
    }
}
