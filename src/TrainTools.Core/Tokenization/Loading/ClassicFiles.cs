using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization.Decoders;
using TrainTools.Core.Tokenization.Models;
using TrainTools.Core.Tokenization.Normalizers;
using TrainTools.Core.Tokenization.Patterns;
using TrainTools.Core.Tokenization.PostProcessors;
using TrainTools.Core.Tokenization.PreTokenizers;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>
/// Tokenizers from the files that came before tokenizer.json: vocab.txt (BERT's WordPiece), vocab.json with merges.txt
/// (GPT-2's, RoBERTa's and Qwen2's byte-level BPE; which one, tokenizer_class says).
/// </summary>
internal static class ClassicFiles
{
    /// <summary>Reads what a folder without tokenizer.json holds.</summary>
    public static Pipeline Read(string folder, TokenizerSettings settings)
    {
        var vocabJson = Path.Combine(folder, "vocab.json");
        var merges = Path.Combine(folder, "merges.txt");
        var vocabText = Path.Combine(folder, "vocab.txt");
        if (File.Exists(vocabJson) && File.Exists(merges))
        {
            return ReadByteLevel(vocabJson, merges, settings);
        }

        if (File.Exists(vocabText))
        {
            return ReadWordPiece(vocabText, settings);
        }

        var sentencePiece = Directory.EnumerateFiles(folder, "*.model").Select(Path.GetFileName).FirstOrDefault();
        throw new TrainToolsException(
            ErrorIds.TokenizerNotFound,
            ErrorKind.NotFound,
            sentencePiece is null
                ? $"The folder '{folder}' holds no tokenizer.json."
                : $"The folder '{folder}' holds no tokenizer.json, only '{sentencePiece}', and a SentencePiece model alone does not say how the model's own library uses it.",
            "Download the model's tokenizer.json into the folder, or save the tokenizer anew as a fast one with the transformers library.",
            Path.Combine(folder, "tokenizer.json"));
    }

    private static Pipeline ReadByteLevel(string vocabFile, string mergesFile, TokenizerSettings settings)
    {
        using var document = JsonPart.Parse(vocabFile);
        var vocabulary = Vocabulary.FromObject(new JsonPart(document.RootElement, vocabFile));
        var rules = new List<(string, string)>();
        foreach (var line in File.ReadLines(mergesFile))
        {
            if (line.Length > 0 && !(rules.Count == 0 && line.StartsWith("#version", StringComparison.Ordinal)))
            {
                rules.Add(MergeRule.Parse(line, mergesFile, rules.Count));
            }
        }

        var model = new BpeModel(vocabulary, rules, new BpeOptions(), mergesFile);
        var family = settings.TokenizerClass.Replace("Tokenizer", "", StringComparison.Ordinal).Replace("Fast", "", StringComparison.Ordinal);
        switch (family)
        {
            case "" or "GPT2":
                settings.FillRoles(vocabulary, ("bos_token", "<|endoftext|>"), ("eos_token", "<|endoftext|>"), ("unk_token", "<|endoftext|>"));
                return Build(model, settings, vocabFile, null, new ByteLevelPreTokenizer(settings.AddPrefixSpace, true), null);
            case "Qwen2":
                settings.FillRoles(vocabulary, ("eos_token", "<|endoftext|>"), ("pad_token", "<|endoftext|>"));
                var words = new SplitPreTokenizer(KnownPatterns.Find(ClScanner.PatternFor(1))!, SplitBehavior.Isolated, false);
                return Build(
                    model, settings, vocabFile, new FormNormalizer(UnicodeForm.Nfc), new PreTokenizerSequence([words, new ByteLevelPreTokenizer(false, false)]), null);
            case "Roberta":
                settings.FillRoles(
                    vocabulary, ("bos_token", "<s>"), ("eos_token", "</s>"), ("sep_token", "</s>"), ("cls_token", "<s>"), ("unk_token", "<unk>"), ("pad_token", "<pad>"), ("mask_token", "<mask>"));
                var frame = new FrameProcessing(Token(model, settings, "cls_token", vocabFile), Token(model, settings, "sep_token", vocabFile), true, true, settings.AddPrefixSpace);
                return Build(model, settings, vocabFile, null, new ByteLevelPreTokenizer(settings.AddPrefixSpace, true), frame);
            default:
                throw TokenizerErrors.Unsupported(
                    vocabFile, "vocab.json without tokenizer.json", $"tokenizer_class '{settings.TokenizerClass}'", "GPT2Tokenizer, Qwen2Tokenizer, RobertaTokenizer");
        }
    }

    private static Pipeline ReadWordPiece(string vocabFile, TokenizerSettings settings)
    {
        var vocabulary = Vocabulary.FromList([.. File.ReadLines(vocabFile).Select(line => line.TrimEnd())]);
        settings.FillRoles(vocabulary, ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"), ("mask_token", "[MASK]"));
        var model = new WordPieceModel(vocabulary, settings.Role("unk_token") ?? "[UNK]", "##", 100, vocabFile);
        var (lowercase, stripAccents, chinese) = settings.Bert;
        var cls = Token(model, settings, "cls_token", vocabFile);
        var sep = Token(model, settings, "sep_token", vocabFile);
        return Build(
            model,
            settings,
            vocabFile,
            new BertNormalizer(true, chinese ?? true, stripAccents, lowercase ?? true),
            new BertPreTokenizer(),
            new FrameProcessing(cls, sep, false, false, false));
    }

    private static Pipeline Build(
        ITokenModel model, TokenizerSettings settings, string file, INormalizer? normalizer, IPreTokenizer preTokenizer, IPostProcessor? postProcessor)
    {
        var tokens = AddedTokenEntry.Resolve(settings.Combine([]), model.Vocabulary, file);
        var added = new AddedVocabulary(tokens, normalizer, settings.SplitSpecialTokens);
        IDecoder decoder = model is BpeModel ? new ByteLevelDecoder() : new WordPieceDecoder("##", cleanUp: true);
        return new Pipeline(model, added, normalizer, preTokenizer, TokenizerJson.WithBosAndEos(postProcessor, settings, model, added, file), decoder);
    }

    private static TokenRow Token(ITokenModel model, TokenizerSettings settings, string role, string file)
    {
        var token = settings.Role(role) ?? $"[{role[..3].ToUpperInvariant()}]";
        return model.Vocabulary.Find(token) is var id and >= 0 ? new TokenRow(id, token) : throw TokenizerErrors.TokenMissing(file, role, token);
    }
}
