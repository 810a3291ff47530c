using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Samples;

/// <summary>The special tokens of a tokenizer under the names that chat templates use.</summary>
public static class ChatTokens
{
    /// <summary>bos_token, eos_token, pad_token and unk_token.</summary>
    public static IReadOnlyList<KeyValuePair<string, string?>> Of(PretrainedTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return
        [
            new("bos_token", tokenizer.BosToken),
            new("eos_token", tokenizer.EosToken),
            new("pad_token", tokenizer.PadToken),
            new("unk_token", tokenizer.UnknownToken),
        ];
    }
}
