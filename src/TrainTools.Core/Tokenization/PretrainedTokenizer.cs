using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization.Loading;

namespace TrainTools.Core.Tokenization;

/// <summary>
/// The tokenizer of a Hugging Face model folder: tokenizer.json, with what tokenizer_config.json and its companions say
/// about special tokens and chat templates. Gives the ids, offsets and texts the transformers library gives.
/// Safe to use from several threads at once.
/// </summary>
public sealed partial class PretrainedTokenizer : ITextTokenizer
{
    private readonly Pipeline _pipeline;
    private readonly TokenizerSettings _settings;

    private PretrainedTokenizer(Pipeline pipeline, TokenizerSettings settings, string folder)
    {
        _pipeline = pipeline;
        _settings = settings;
        Folder = folder;
        VocabularySize = pipeline.Added.Tokens.Aggregate(pipeline.Model.Vocabulary.Size, (size, token) => Math.Max(size, token.Id + 1));
    }

    /// <summary>The folder it was loaded from.</summary>
    public string Folder { get; }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <summary>Text of the beginning-of-text token.</summary>
    public string? BosToken => _settings.Bos;

    /// <inheritdoc/>
    public string? EosToken => _settings.Eos;

    /// <summary>Text of the padding token.</summary>
    public string? PadToken => _settings.Pad;

    /// <summary>Text of the token for what the vocabulary lacks.</summary>
    public string? UnknownToken => _settings.Unknown;

    /// <inheritdoc/>
    public int? BosTokenId => IdOf(_settings.Bos);

    /// <inheritdoc/>
    public int? EosTokenId => IdOf(_settings.Eos);

    /// <inheritdoc/>
    public int? PadTokenId => IdOf(_settings.Pad);

    /// <summary>Id of the token for what the vocabulary lacks.</summary>
    public int? UnknownTokenId => IdOf(_settings.Unknown);

    /// <inheritdoc/>
    public string? ChatTemplate => _settings.ChatTemplates.GetValueOrDefault("default");

    /// <summary>All chat templates by name; the unnamed one is "default".</summary>
    public IReadOnlyDictionary<string, string> ChatTemplates => _settings.ChatTemplates;

    /// <summary>The added tokens, by id.</summary>
    public IReadOnlyList<AddedToken> AddedTokens => _pipeline.Added.Tokens;

    /// <summary>Loads the tokenizer of a model folder.</summary>
    /// <param name="folder">The folder; it must hold a tokenizer.json.</param>
    /// <exception cref="TrainToolsException">The folder or its tokenizer is missing, damaged or of an unsupported kind.</exception>
    public static PretrainedTokenizer Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder))
        {
            throw new TrainToolsException(
                ErrorIds.ModelFolderNotFound, ErrorKind.NotFound, $"There is no folder '{folder}'.", "Check the path; it must be a folder with a tokenizer.json.", folder);
        }

        var path = Path.Combine(folder, "tokenizer.json");
        if (!File.Exists(path))
        {
            throw new TrainToolsException(
                ErrorIds.TokenizerNotFound, ErrorKind.NotFound, $"The folder '{folder}' holds no tokenizer.json.", "Download the model's tokenizer.json into the folder.", path);
        }

        var settings = TokenizerSettings.Read(folder);
        return new PretrainedTokenizer(TokenizerJson.Read(path, settings.AddedTokens), settings, folder);
    }

    /// <inheritdoc/>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. _pipeline.PostProcess(_pipeline.Encode(text, 0), null, addSpecialTokens).Rows.Select(r => r.Id)];
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true) => _pipeline.Decode(ids, skipSpecialTokens);

    /// <inheritdoc/>
    public string? IdToToken(int id) => _pipeline.Added.Find(id)?.Content ?? _pipeline.Model.Vocabulary.TokenOf(id);

    /// <inheritdoc/>
    public int? TokenToId(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _pipeline.Added.Find(token)?.Id ?? (_pipeline.Model.Vocabulary.Find(token) is var id and >= 0 ? id : null);
    }

    private int? IdOf(string? token) => token is null ? null : TokenToId(token);
}
