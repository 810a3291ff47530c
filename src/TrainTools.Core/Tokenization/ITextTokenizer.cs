namespace TrainTools.Core.Tokenization;

/// <summary>A model's tokenizer: what the trainer, the rules and the cleaning need of it.</summary>
public interface ITextTokenizer
{
    /// <summary>Largest token id plus one, added tokens included.</summary>
    int VocabularySize { get; }

    /// <summary>Id of the beginning-of-text token; null if the model has none.</summary>
    int? BosTokenId { get; }

    /// <summary>Id of the end-of-text token.</summary>
    int? EosTokenId { get; }

    /// <summary>Id of the padding token.</summary>
    int? PadTokenId { get; }

    /// <summary>Text of the end-of-text token.</summary>
    string? EosToken { get; }

    /// <summary>Chat template (Jinja source); null if the model has none.</summary>
    string? ChatTemplate { get; }

    /// <summary>Token ids of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addSpecialTokens">Whether the post-processor adds its tokens (BOS, [CLS] …).</param>
    int[] Encode(string text, bool addSpecialTokens = true);

    /// <summary>Text of token ids.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out.</param>
    string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true);

    /// <summary>The text a token stands for in the vocabulary ("▁the", "Ġthe"); null for an unknown id.</summary>
    string? IdToToken(int id);

    /// <summary>Id of a vocabulary entry or added token; null if there is none.</summary>
    int? TokenToId(string token);
}
