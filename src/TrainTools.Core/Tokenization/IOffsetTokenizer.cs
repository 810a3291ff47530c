namespace TrainTools.Core.Tokenization;

/// <summary>A text's tokens and where each stands in it.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Offsets">First code point of each token and one past its last; (0, 0) for tokens added around the text.</param>
public sealed record AlignedTokens(int[] Ids, (int Start, int End)[] Offsets);

/// <summary>A tokenizer that knows where its tokens come from.</summary>
public interface IOffsetTokenizer : ITextTokenizer
{
    /// <summary>Token ids of a text with their places.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addSpecialTokens">Whether the post-processor adds its tokens.</param>
    AlignedTokens EncodeAligned(string text, bool addSpecialTokens = true);
}
