using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization.Decoders;
using TrainTools.Core.Tokenization.Loading;
using TrainTools.Core.Tokenization.Models;

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
        BosTokenId = IdOf(BosToken);
        EosTokenId = IdOf(EosToken);
        PadTokenId = IdOf(PadToken);
    }

    /// <summary>The folder it was loaded from.</summary>
    public string Folder { get; }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <summary>Text of the beginning-of-text token.</summary>
    public string? BosToken => _settings.Role("bos_token");

    /// <inheritdoc/>
    public string? EosToken => _settings.Role("eos_token");

    /// <summary>Text of the padding token.</summary>
    public string? PadToken => _settings.Role("pad_token");

    /// <summary>Text of the token for what the vocabulary lacks.</summary>
    public string? UnknownToken => _settings.Role("unk_token");

    /// <inheritdoc/>
    public int? BosTokenId { get; }

    /// <inheritdoc/>
    public int? EosTokenId { get; }

    /// <inheritdoc/>
    public int? PadTokenId { get; }

    /// <summary>Id of the token for what the vocabulary lacks.</summary>
    public int? UnknownTokenId => IdOf(UnknownToken);

    /// <summary>
    /// The special tokens by the part they play, named as in tokenizer_config.json: bos_token, eos_token, unk_token,
    /// sep_token, pad_token, cls_token, mask_token. What a chat template sees.
    /// </summary>
    public IReadOnlyDictionary<string, string> SpecialTokens => TokenizerSettings.Roles
        .Where(role => _settings.Role(role) is not null)
        .ToDictionary(role => role, role => _settings.Role(role)!, StringComparer.Ordinal);

    /// <summary>Special tokens without a part of their own (additional_special_tokens).</summary>
    public IReadOnlyList<string> ExtraSpecialTokens => [.. _settings.ExtraSpecialTokens];

    /// <summary>Most tokens the model takes, as tokenizer_config.json says; null if it does not.</summary>
    public int? ModelMaxLength => _settings.ModelMaxLength;

    /// <summary>clean_up_tokenization_spaces of tokenizer_config.json; null if it is not there.</summary>
    public bool? CleanUpTokenizationSpaces => _settings.CleanUpSpaces;

    /// <summary>Where padding goes, as tokenizer_config.json says.</summary>
    public TokenSide PaddingSide => _settings.PaddingSide;

    /// <inheritdoc/>
    public string? ChatTemplate => _settings.ChatTemplates.GetValueOrDefault("default");

    /// <summary>All chat templates by name; the unnamed one is "default".</summary>
    public IReadOnlyDictionary<string, string> ChatTemplates => _settings.ChatTemplates;

    /// <summary>The added tokens, by id.</summary>
    public IReadOnlyList<AddedToken> AddedTokens => _pipeline.Added.Tokens;

    /// <summary>Loads the tokenizer of a model folder.</summary>
    /// <param name="folder">
    /// The folder. It must hold a tokenizer.json; without one, vocab.json with merges.txt (GPT-2) or vocab.txt (BERT) will do.
    /// </param>
    /// <exception cref="TrainToolsException">The folder or its tokenizer is missing, damaged or of an unsupported kind.</exception>
    public static PretrainedTokenizer Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder))
        {
            throw new TrainToolsException(
                ErrorIds.ModelFolderNotFound, ErrorKind.NotFound, $"There is no folder '{folder}'.", "Check the path; it must be a folder with a tokenizer.json.", folder);
        }

        var settings = TokenizerSettings.Read(folder);
        var path = Path.Combine(folder, "tokenizer.json");
        var pipeline = File.Exists(path) ? TokenizerJson.Read(path, settings) : ClassicFiles.Read(folder, settings);
        return new PretrainedTokenizer(pipeline, settings, folder);
    }

    /// <inheritdoc/>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        return _pipeline.EncodeIds(text, addSpecialTokens);
    }

    /// <summary>Token ids of many texts, on all processors.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="addSpecialTokens">Whether the model's tokens are put around each.</param>
    /// <param name="cancellation">Ends the work early.</param>
    public int[][] EncodeAll(IReadOnlyList<string> texts, bool addSpecialTokens = true, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var ids = new int[texts.Count][];
        try
        {
            Parallel.For(0, texts.Count, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, i => ids[i] = Encode(texts[i], addSpecialTokens));
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<TrainToolsException>().FirstOrDefault() is { } known)
        {
            throw known;
        }

        return ids;
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        // As transformers 5 does it: only where the settings say so, and never on BPE, where it would eat spaces that
        // belong to the text.
        return Decode(ids, skipSpecialTokens, CleanUpTokenizationSpaces == true && _pipeline.Model is not BpeModel);
    }

    /// <summary>Text of token ids.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out.</param>
    /// <param name="cleanUpSpaces">
    /// Whether the spaces before punctuation and English contractions are removed. Versions of transformers before 5 do so
    /// unless tokenizer_config.json says otherwise.
    /// </param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens, bool cleanUpSpaces)
    {
        var text = _pipeline.Decode(ids, skipSpecialTokens);
        return cleanUpSpaces ? SpaceCleaner.Clean(text) : text;
    }

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
