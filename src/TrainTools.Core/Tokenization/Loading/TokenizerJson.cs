using TrainTools.Core.Tokenization.Models;
using TrainTools.Core.Tokenization.Normalizers;
using TrainTools.Core.Tokenization.PostProcessors;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>Reads a tokenizer.json and puts what stands beside it into effect.</summary>
internal static class TokenizerJson
{
    /// <summary>Reads the file.</summary>
    /// <remarks>Its "truncation" and "padding" are left alone: transformers sets both anew with every call.</remarks>
    public static Pipeline Read(string path, TokenizerSettings settings)
    {
        using var document = JsonPart.Parse(path);
        var root = new JsonPart(document.RootElement, path);
        if (!root.IsObject)
        {
            throw root.Wrong("an object");
        }

        if (root.TextOrNull("version") is { } version && version != "1.0")
        {
            throw TokenizerErrors.Unsupported(path, "version", $"format version '{version}'", "1.0");
        }

        var model = ModelReader.Read(root.Get("model"));
        var normalizer = WithBertSettings(root.Find("normalizer") is { } n ? NormalizerReader.Read(n) : null, settings);
        var fromFile = root.Find("added_tokens") is { } added ? added.Items().Select(a => AddedTokenEntry.Read(a, special: false)).ToList() : [];
        var tokens = AddedTokenEntry.Resolve(settings.Combine(fromFile), model.Vocabulary, path);
        var vocabulary = new AddedVocabulary(tokens, normalizer, settings.SplitSpecialTokens);
        var postProcessor = root.Find("post_processor") is { } q ? PostProcessorReader.Read(q) : null;
        return new Pipeline(
            model,
            vocabulary,
            normalizer,
            root.Find("pre_tokenizer") is { } p ? PreTokenizerReader.Read(p) : null,
            WithBosAndEos(postProcessor, settings, model, vocabulary, path),
            root.Find("decoder") is { } d ? DecoderReader.Read(d) : null);
    }

    /// <summary>
    /// add_bos_token and add_eos_token of tokenizer_config.json, where given, take the place of the file's
    /// post-processor, as in transformers.
    /// </summary>
    public static IPostProcessor? WithBosAndEos(
        IPostProcessor? processor, TokenizerSettings settings, ITokenModel model, AddedVocabulary added, string file)
    {
        if (settings.AddBos is null && settings.AddEos is null)
        {
            return processor;
        }

        var bos = settings.AddBos == true ? Piece("bos_token") : null;
        var eos = settings.AddEos == true ? Piece("eos_token") : null;
        var single = Sequence(0);
        return new TemplateProcessing(single, [.. single, .. Sequence(1)]);

        List<TemplatePiece> Sequence(int text)
        {
            var pieces = new[] { bos, new TemplatePiece(text, 0, []), eos };
            return [.. pieces.OfType<TemplatePiece>().Select(p => p with { TypeId = text })];
        }

        TemplatePiece? Piece(string role)
        {
            if (settings.Role(role) is not { } token)
            {
                return null;
            }

            var id = added.Find(token)?.Id ?? model.Vocabulary.Find(token);
            return id >= 0 ? new TemplatePiece(-1, 0, [(id, token)]) : throw TokenizerErrors.TokenMissing(file, role, token);
        }
    }

    /// <summary>What tokenizer_config.json says about case, accents and Chinese characters counts before a BertNormalizer's own settings.</summary>
    private static INormalizer? WithBertSettings(INormalizer? normalizer, TokenizerSettings settings)
    {
        if (normalizer is not BertNormalizer bert)
        {
            return normalizer;
        }

        var (lowercase, stripAccents, chinese) = settings.Bert;
        return new BertNormalizer(bert.CleanText, chinese ?? bert.HandleChinese, stripAccents ?? bert.StripAccents, lowercase ?? bert.Lowercase);
    }
}
