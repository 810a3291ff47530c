using TrainTools.Core.Tokenization.PostProcessors;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>Reads the "post_processor" of a tokenizer.json.</summary>
internal static class PostProcessorReader
{
    private const string Supported = "Sequence, TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel";

    public static IPostProcessor Read(JsonPart part) => part.Type switch
    {
        "Sequence" => new PostProcessorSequence([.. part.Get("processors").Items().Select(Read)]),
        "TemplateProcessing" => ReadTemplate(part),
        "BertProcessing" => new FrameProcessing(ReadToken(part.Get("cls")), ReadToken(part.Get("sep")), false, false, false),
        "RobertaProcessing" => new FrameProcessing(
            ReadToken(part.Get("cls")), ReadToken(part.Get("sep")), true, part.Flag("trim_offsets", true), part.Flag("add_prefix_space", true)),
        "ByteLevel" => new ByteLevelProcessing(part.Flag("trim_offsets", true), part.Flag("add_prefix_space", true)),
        var type => throw TokenizerErrors.Unsupported(part.File, part.Path, $"post-processor '{type}'", Supported),
    };

    private static TemplateProcessing ReadTemplate(JsonPart part)
    {
        var tokens = part.Get("special_tokens");
        var single = part.Get("single").Items().Select(p => ReadPiece(p, tokens)).ToList();
        var pair = part.Get("pair").Items().Select(p => ReadPiece(p, tokens)).ToList();
        if (single.Exists(p => p.Text == 1))
        {
            throw part.Get("single").Wrong("a template of one text");
        }

        return new TemplateProcessing(single, pair);
    }

    private static TokenRow ReadToken(JsonPart part)
    {
        var items = part.Items().ToList();
        return items.Count == 2 ? new TokenRow(items[1].AsNumber(), items[0].AsText()) : throw part.Wrong("[token, id]");
    }

    private static TemplatePiece ReadPiece(JsonPart part, JsonPart tokens)
    {
        if (part.Find("Sequence") is { } text)
        {
            var index = text.Text("id") switch
            {
                "A" => 0,
                "B" => 1,
                _ => throw text.Get("id").Wrong("\"A\" or \"B\""),
            };
            return new TemplatePiece(index, text.Number("type_id", 0), []);
        }

        var special = part.Get("SpecialToken");
        var name = special.Text("id");
        var token = tokens.Find(name) ?? throw TokenizerErrors.Invalid(part.File, part.Path, $"the special token '{name}' is not among special_tokens");
        var ids = token.Get("ids").Items().Select(i => i.AsNumber()).ToList();
        var contents = token.Get("tokens").Items().Select(t => t.AsText()).ToList();
        if (ids.Count != contents.Count)
        {
            throw token.Wrong("as many ids as tokens");
        }

        return new TemplatePiece(-1, special.Number("type_id", 0), [.. ids.Zip(contents)]);
    }
}
