using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Generation;

/// <summary>How the next token is chosen; names as in transformers' generation config.</summary>
public sealed record SamplingOptions
{
    /// <summary>False: the most likely token.</summary>
    public bool DoSample { get; init; }

    /// <summary>Divides the logits.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keep this many most likely tokens; 0 = all.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the most likely tokens that together have this probability; 1 = all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Seed.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>The options of a request.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.GenerationRequestInvalid"/>.</exception>
    public static SamplingOptions From(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Check(request.MaxNewTokens >= 1, "max_new_tokens must be at least 1");
        Check(request.Temperature > 0 && double.IsFinite(request.Temperature), "temperature must be above 0 (for the most likely token leave do_sample off)");
        Check(request.TopK >= 0, "top_k must not be negative");
        Check(request.TopP is > 0 and <= 1, "top_p must be above 0 and at most 1");
        return new SamplingOptions
        {
            DoSample = request.DoSample,
            Temperature = request.Temperature,
            TopK = request.TopK,
            TopP = request.TopP,
            Seed = request.Seed,
        };
    }

    private static void Check(bool holds, string rule)
    {
        if (!holds)
        {
            throw new TrainToolsException(ErrorIds.GenerationRequestInvalid, ErrorKind.InvalidArgument, $"The request cannot be answered: {rule}.");
        }
    }
}
