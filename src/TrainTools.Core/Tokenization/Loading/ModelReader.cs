using TrainTools.Core.Tokenization.Models;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>Reads the "model" of a tokenizer.json.</summary>
internal static class ModelReader
{
    private const string Supported = "BPE, WordPiece, Unigram, WordLevel";

    public static ITokenModel Read(JsonPart model) => TypeOf(model) switch
    {
        "BPE" => ReadBpe(model),
        "WordPiece" => new WordPieceModel(
            Vocabulary.FromObject(model.Get("vocab")),
            model.TextOrNull("unk_token") ?? "[UNK]",
            model.TextOrNull("continuing_subword_prefix") ?? "##",
            model.Number("max_input_chars_per_word", 100),
            model.File),
        "WordLevel" => new WordLevelModel(Vocabulary.FromObject(model.Get("vocab")), model.TextOrNull("unk_token") ?? "<unk>", model.File),
        "Unigram" => ReadUnigram(model),
        var type => throw TokenizerErrors.Unsupported(model.File, "model", $"model type '{type}'", Supported),
    };

    /// <summary>Old files leave the type out; then the members tell.</summary>
    private static string TypeOf(JsonPart model)
    {
        if (model.TextOrNull("type") is { } type)
        {
            return type;
        }

        if (model.Find("merges") is not null)
        {
            return "BPE";
        }

        if (model.Get("vocab").IsArray)
        {
            return "Unigram";
        }

        return model.Find("max_input_chars_per_word") is null ? "WordLevel" : "WordPiece";
    }

    private static BpeModel ReadBpe(JsonPart model)
    {
        var vocabulary = Vocabulary.FromObject(model.Get("vocab"));
        var options = new BpeOptions
        {
            UnknownToken = model.TextOrNull("unk_token"),
            ContinuingSubwordPrefix = model.TextOrNull("continuing_subword_prefix") ?? "",
            EndOfWordSuffix = model.TextOrNull("end_of_word_suffix") ?? "",
            FuseUnknown = model.Flag("fuse_unk", false),
            ByteFallback = model.Flag("byte_fallback", false),
            IgnoreMerges = model.Flag("ignore_merges", false),
        };
        return new BpeModel(vocabulary, ReadMerges(model.Get("merges")), options, model.File);
    }

    private static UnigramModel ReadUnigram(JsonPart model)
    {
        var pieces = new List<(string, double)>();
        foreach (var item in model.Get("vocab").Items())
        {
            if (!item.IsArray || item.Element.GetArrayLength() != 2)
            {
                throw item.Wrong("[token, score]");
            }

            pieces.Add((new JsonPart(item.Element[0], item.File, item.Path).AsText(), new JsonPart(item.Element[1], item.File, item.Path).AsReal()));
        }

        var unknown = model.NumberOrNull("unk_id");
        if (unknown is { } id && (id < 0 || id >= pieces.Count))
        {
            throw TokenizerErrors.OutOfRange(model.File, "unk_id", id, pieces.Count);
        }

        return new UnigramModel(pieces, unknown, model.Flag("byte_fallback", false), model.File);
    }

    private static List<(string Left, string Right)> ReadMerges(JsonPart merges)
    {
        var rules = new List<(string, string)>(merges.IsArray ? merges.Element.GetArrayLength() : 0);
        var line = 0;
        foreach (var item in merges.Items())
        {
            if (item.IsText)
            {
                var text = item.AsText();
                if (text.StartsWith("#version", StringComparison.Ordinal))
                {
                    continue;
                }

                rules.Add(MergeRule.Parse(text, item.File, line));
            }
            else if (item.IsArray && item.Element.GetArrayLength() == 2)
            {
                rules.Add((
                    new JsonPart(item.Element[0], item.File, item.Path).AsText(),
                    new JsonPart(item.Element[1], item.File, item.Path).AsText()));
            }
            else
            {
                throw TokenizerErrors.Merges(item.File, line, "expected \"left right\" or [\"left\", \"right\"]");
            }

            line++;
        }

        return rules;
    }
}

/// <summary>A merge rule written as text: two tokens with a space between them.</summary>
internal static class MergeRule
{
    public static (string Left, string Right) Parse(string text, string file, int line)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space <= 0 || space == text.Length - 1 || text.IndexOf(' ', space + 1) >= 0)
        {
            throw TokenizerErrors.Merges(file, line, $"'{text}' is not two tokens with a space between them");
        }

        return (text[..space], text[(space + 1)..]);
    }
}
