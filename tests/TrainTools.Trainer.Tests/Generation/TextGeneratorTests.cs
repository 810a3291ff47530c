using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Generation;
using TrainTools.Trainer.Hosting;

namespace TrainTools.Trainer.Tests.Generation;

/// <summary>The real pretrained Llama, against texts that its author's program and an independent float64 computation wrote.</summary>
public sealed class TextGeneratorTests : IDisposable
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Data", "stories260k");
    private readonly TextGenerator generator = (TextGenerator)new TextGeneratorFactory().Load(Folder, "cpu");
    private readonly StopSignal stop = StopSignal.Manual();

    [Theory]
    [InlineData("greedy_from_bos", 1)]
    [InlineData("greedy_from_prompt", 48)]
    [InlineData("greedy_from_prompt_2", 60)]
    public void Greedy_text_is_the_golden_text_word_for_word(string name, int newTokens)
    {
        var golden = TestFiles.Json("stories260k", "golden.json");
        var text = golden.GetProperty(name).GetProperty("text").GetString()!;
        var length = golden.GetProperty(name).GetProperty("ids").GetArrayLength();
        var prompt = name switch
        {
            "greedy_from_bos" => "",
            "greedy_from_prompt" => golden.GetProperty("prompt").GetString()!,
            _ => golden.GetProperty(name).GetProperty("prompt").GetString()!,
        };
        var answer = generator.Generate(new GenerationRequest { Prompt = prompt, MaxNewTokens = prompt.Length == 0 ? length - 1 : newTokens }, 3, stop);
        Assert.Equal(text, answer.Prompt + answer.Text);
        Assert.Equal(3, answer.Index);
    }

    [Fact]
    public void A_prompt_with_tokens_beyond_the_embedding_is_refused_by_their_names()
    {
        var tokenizer = TrainTools.Core.Tokenization.PretrainedTokenizer.Load(Folder);
        var error = Assert.Throws<TrainToolsException>(() => TrainTools.Core.Tokenization.TokenizerChecks.IdsAgainstEmbedding(tokenizer, [1, 403, 511, 403], 400));
        Assert.Equal(ErrorIds.TokenizerVocabularyTooLarge, error.ErrorId);
        Assert.Contains($"2 tokens of the tokenizer have none: '{tokenizer.IdToToken(403)}' (403), '{tokenizer.IdToToken(511)}' (511)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_limit_and_the_stop_signal_end_the_text()
    {
        var answer = generator.Generate(new GenerationRequest { Prompt = "Once upon a time", MaxNewTokens = 5 }, 0, stop);
        Assert.Equal((5, "length"), (answer.Tokens, answer.FinishReason));
        stop.Request("of the test");
        Assert.Equal(0, generator.Generate(new GenerationRequest { Prompt = "Once", MaxNewTokens = 5 }, 0, stop).Tokens);
    }

    [Fact]
    public void Sampling_depends_on_the_seed_alone()
    {
        string Text(long seed) => generator.Generate(new GenerationRequest { Prompt = "Once", MaxNewTokens = 30, DoSample = true, Temperature = 1.2, TopP = 0.95, Seed = seed }, 0, stop).Text;
        Assert.Equal(Text(1), Text(1));
        Assert.NotEqual(Text(1), Text(2));
    }

    [Fact]
    public void Text_goes_on_to_the_last_position()
    {
        var answer = generator.Generate(new GenerationRequest { Prompt = "Once upon a time", MaxNewTokens = 10_000, DoSample = true, TopK = 5 }, 0, stop);
        Assert.True(answer.FinishReason == "stop" || answer.Tokens == 512 - 5, $"{answer.Tokens} {answer.FinishReason}");
    }

    [Theory]
    [InlineData(0, 1.0, 0, 1.0)]
    [InlineData(5, 0.0, 0, 1.0)]
    [InlineData(5, 1.0, -1, 1.0)]
    [InlineData(5, 1.0, 0, 0.0)]
    public void Impossible_requests_are_one_clear_error(int max, double temperature, int topK, double topP)
    {
        var request = new GenerationRequest { Prompt = "Once", MaxNewTokens = max, DoSample = true, Temperature = temperature, TopK = topK, TopP = topP };
        Assert.Equal(ErrorIds.GenerationRequestInvalid, Assert.Throws<TrainToolsException>(() => generator.Generate(request, 0, stop)).ErrorId);
    }

    [Fact]
    public void A_conversation_needs_a_chat_template()
    {
        var request = new GenerationRequest { Messages = [new ChatMessage("user", "Hello")] };
        Assert.Equal(ErrorIds.ChatTemplateMissing, Assert.Throws<TrainToolsException>(() => generator.Generate(request, 0, stop)).ErrorId);
    }

    [Fact]
    public void A_prompt_longer_than_the_model_is_one_clear_error()
    {
        var request = new GenerationRequest { Prompt = string.Concat(Enumerable.Repeat("Once upon a time ", 200)) };
        Assert.Equal(ErrorIds.GenerationRequestInvalid, Assert.Throws<TrainToolsException>(() => generator.Generate(request, 0, stop)).ErrorId);
    }

    public void Dispose()
    {
        generator.Dispose();
        stop.Dispose();
    }
}
