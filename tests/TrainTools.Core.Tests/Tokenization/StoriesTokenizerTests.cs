namespace TrainTools.Core.Tests.Tokenization;

/// <summary>The small Llama's tokenizer: byte-pair encoding with byte fallback, no pre-tokenizer.</summary>
public class StoriesTokenizerTests
{
    [Fact]
    public void Every_golden_text_gives_the_golden_ids_and_comes_back()
    {
        var tokenizer = TokenizerData.Load("stories260k");
        var rows = TokenizerData.Golden("stories260k", "tokenizer_golden.json").EnumerateArray().ToList();
        Assert.Equal(60, rows.Count);
        foreach (var row in rows)
        {
            var text = row.GetProperty("text").GetString()!;
            var ids = row.GetProperty("ids_tokenizer_json").Ids();
            Assert.Equal(ids, tokenizer.Encode(text, addSpecialTokens: false));
            Assert.Equal([1, .. ids], tokenizer.Encode(text));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Fact]
    public void Special_tokens_and_vocabulary_are_known()
    {
        var tokenizer = TokenizerData.Load("stories260k");
        Assert.Equal(512, tokenizer.VocabularySize);
        Assert.Equal((1, 2, null), (tokenizer.BosTokenId, tokenizer.EosTokenId, tokenizer.PadTokenId));
        Assert.Equal("</s>", tokenizer.EosToken);
        Assert.Equal(0, tokenizer.UnknownTokenId);
        Assert.Equal("▁t", tokenizer.IdToToken(tokenizer.TokenToId("▁t")!.Value));
        Assert.Null(tokenizer.IdToToken(512));
        Assert.Null(tokenizer.TokenToId("no such token"));
        Assert.Null(tokenizer.ChatTemplate);
    }
}
