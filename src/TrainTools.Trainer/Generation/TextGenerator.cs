using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using TorchSharp;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples;
using TrainTools.Core.Tokenization;
using TrainTools.Core.Tokenization.Chat;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Models;

namespace TrainTools.Trainer.Generation;

/// <summary>A model that answers prompts and conversations.</summary>
public sealed class TextGenerator : ITextGenerator
{
    private readonly CausalLanguageModel model;
    private readonly PretrainedTokenizer tokenizer;
    private readonly TokenGenerator generator;

    /// <summary>Takes over a model.</summary>
    public TextGenerator(CausalLanguageModel model, PretrainedTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        this.model = model;
        this.tokenizer = tokenizer;
        generator = new TokenGenerator(model, EndTokens(tokenizer));
    }

    /// <inheritdoc/>
    TrainerEvent ITextGenerator.Generate(GenerationRequest request, int index, StopSignal stop) => Generate(request, index, stop);

    /// <inheritdoc cref="ITextGenerator.Generate"/>
    public GeneratedText Generate(GenerationRequest request, int index, StopSignal stop)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(stop);
        if (request.Words is not null)
        {
            throw new TrainToolsException(ErrorIds.GenerationRequestInvalid, ErrorKind.InvalidArgument, "Words are tagged, and this model generates text.", "Give a prompt.");
        }

        var began = Stopwatch.GetTimestamp();
        var sampler = new TokenSampler(SamplingOptions.From(request));
        var (prompt, ids) = Prompt(request);
        TokenizerChecks.IdsAgainstEmbedding(tokenizer, ids, model.VocabularySize);
        if (model.MaxPositions is { } positions && ids.Length >= positions)
        {
            throw new TrainToolsException(
                ErrorIds.GenerationRequestInvalid, ErrorKind.InvalidArgument, $"The prompt has {ids.Length} tokens, and the model has {positions} positions.", "Shorten the prompt.");
        }

        var answer = generator.Generate(ids, request.MaxNewTokens, sampler, () => stop.IsRequested);
        return new GeneratedText
        {
            Index = index,
            Prompt = prompt,
            Text = Continuation(ids, answer.Tokens),
            Tokens = answer.Tokens.Count,
            FinishReason = answer.Ended ? "stop" : "length",
            Seconds = Stopwatch.GetElapsedTime(began).TotalSeconds,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => model.Dispose();

    private (string Prompt, int[] Ids) Prompt(GenerationRequest request)
    {
        if (request.Messages is { Count: > 0 } messages)
        {
            var source = tokenizer.ChatTemplate ?? throw new TrainToolsException(
                ErrorIds.ChatTemplateMissing, ErrorKind.InvalidData, $"The model '{tokenizer.Folder}' has no chat template.", "Give a prompt instead of messages, or save a chat_template.jinja with the model.", tokenizer.Folder);
            var text = new ChatTemplate(source, ChatTokens.Of(tokenizer), tokenizer.Folder).Render(messages, addGenerationPrompt: true).Text;
            return (text, tokenizer.Encode(text, addSpecialTokens: false));
        }

        var prompt = request.Prompt ?? "";
        var ids = tokenizer.Encode(prompt);
        if (ids.Length == 0 && tokenizer.BosTokenId is { } begin)
        {
            ids = [begin];
        }

        return ids.Length > 0 ? (prompt, ids) : throw new TrainToolsException(
            ErrorIds.GenerationRequestInvalid, ErrorKind.InvalidArgument, "The prompt is empty, and the model has no token that begins a text.", "Give a prompt.");
    }

    // Decoded together with the prompt: alone, the first token would lose the space before its word.
    private string Continuation(int[] prompt, IReadOnlyList<int> tokens)
    {
        var before = tokenizer.Decode(prompt);
        var whole = tokenizer.Decode([.. prompt, .. tokens]);
        return whole.StartsWith(before, StringComparison.Ordinal) ? whole[before.Length..] : tokenizer.Decode([.. tokens]);
    }

    private static HashSet<int> EndTokens(PretrainedTokenizer tokenizer)
    {
        var ends = new HashSet<int>();
        if (tokenizer.EosTokenId is { } eos)
        {
            ends.Add(eos);
        }

        var path = Path.Combine(tokenizer.Folder, "generation_config.json");
        if (File.Exists(path))
        {
            try
            {
                ends.UnionWith(JsonNode.Parse(File.ReadAllText(path))?["eos_token_id"] switch
                {
                    JsonArray several => several.Select(v => v!.GetValue<int>()),
                    JsonValue one => [one.GetValue<int>()],
                    _ => [],
                });
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
            {
                throw new TrainToolsException(ErrorIds.ModelConfigInvalid, ErrorKind.InvalidData, $"'{path}' is not a valid generation config: {e.Message}", "Mend or delete the file.", path, e);
            }
        }

        return ends;
    }
}
