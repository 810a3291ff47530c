using System.Text.Json;
using TrainTools.Core.Tokenization;
using TrainTools.Parity.Tokenizers;

namespace TrainTools.Core.Tests.Tokenization;

/// <summary>Real and small tokenizers against what the models' own libraries gave for them.</summary>
public class TokenizerGoldenTests
{
    [Theory]
    [InlineData("stories260k", 60)]
    [InlineData("gpt2", 91)]
    [InlineData("qwen2", 117)]
    [InlineData("bert-base-uncased", 94 + 10_570)]
    [InlineData("phi3", 101)]
    [InlineData("mistral-v1", 82)]
    [InlineData("bytelevel_bpe", 33)]
    [InlineData("llama_like_bpe", 33)]
    [InlineData("qwen_like_bpe", 33)]
    [InlineData("unigram", 33)]
    [InlineData("wordpiece", 33)]
    public void Every_golden_row_is_met(string name, int texts)
    {
        var results = TokenizerParity.Run(TokenizerData.Folder(name)).ToList();
        Assert.Empty(results.Where(r => !r.Passed).Select(r => $"{r.Name}: {r.Failure}"));
        Assert.Equal(name == "mistral-v1" ? 1 : 0, results.Where(r => r.Name == "whole chats").Sum(r => r.Compared));
        Assert.Equal(texts, results.Where(r => r.Name == "ids" || r.Name.StartsWith("golden_", StringComparison.Ordinal)).Sum(r => r.Compared));
    }

    [Fact]
    public void Mistral_v3_loads_and_comes_back()
    {
        var tokenizer = TokenizerData.Load("mistral-v3");
        Assert.Equal(32768, tokenizer.VocabularySize);
        var ids = tokenizer.Encode("[INST] Grüße, 世界! 🦙[/INST]");
        Assert.Equal([1, 3], ids[..2]);
        Assert.Equal(4, ids[^1]);
        Assert.Equal(" Grüße, 世界! 🦙", tokenizer.Decode(ids));
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
        Assert.Equal(512, tokenizer.ModelMaxLength);
    }
}
