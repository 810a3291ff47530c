using TorchSharp;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Generation;

/// <summary>Tokens that follow a prompt.</summary>
/// <param name="Tokens">The new tokens, the end token left out.</param>
/// <param name="Ended">Whether an end token came (else the limit did).</param>
public sealed record GeneratedTokens(IReadOnlyList<int> Tokens, bool Ended);

/// <summary>Continues token sequences with a decoder, keeping keys and values of what it has read.</summary>
/// <param name="model">The model.</param>
/// <param name="endTokens">Tokens that end the text.</param>
public sealed class TokenGenerator(CausalLanguageModel model, IReadOnlySet<int> endTokens)
{
    /// <summary>Continues a prompt.</summary>
    /// <param name="prompt">Token ids; at least one.</param>
    /// <param name="maxNewTokens">Most tokens to add; the model's positions may end it sooner.</param>
    /// <param name="sampler">Chooses each token.</param>
    /// <param name="stop">Asked before each token; true ends it with what there is.</param>
    public GeneratedTokens Generate(IReadOnlyList<int> prompt, int maxNewTokens, TokenSampler sampler, Func<bool>? stop = null)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(sampler);
        using var grad = no_grad();
        using var cache = new KeyValueCache();
        var tokens = new List<int>();
        long[] next = [.. prompt.Select(t => (long)t)];
        var room = Math.Min(maxNewTokens, (model.MaxPositions ?? int.MaxValue) - prompt.Count);
        while (tokens.Count < room && stop?.Invoke() != true)
        {
            using var scope = NewDisposeScope();
            var hidden = model.HiddenStates(new ModelInput { InputIds = tensor(next, device: model.Device).unsqueeze(0), Cache = cache });
            var logits = model.Logits(hidden.narrow(1, next.Length - 1, 1)).to_type(ScalarType.Float32).cpu().contiguous();
            var token = sampler.Choose(logits.data<float>().ToArray());
            if (endTokens.Contains(token))
            {
                return new GeneratedTokens(tokens, true);
            }

            tokens.Add(token);
            next = [token];
        }

        return new GeneratedTokens(tokens, false);
    }
}
