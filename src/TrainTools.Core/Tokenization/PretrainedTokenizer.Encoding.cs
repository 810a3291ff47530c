using TrainTools.Core.Tokenization.Loading;

namespace TrainTools.Core.Tokenization;

public sealed partial class PretrainedTokenizer
{
    private static readonly EncodeOptions DefaultOptions = new();

    /// <summary>Encodes a text, or a pair, with offsets, word indices, segments, truncation and padding.</summary>
    /// <param name="text">The text.</param>
    /// <param name="pair">The second text of a pair, or null.</param>
    /// <param name="options">How; null: the model's tokens around it, no truncation, no padding.</param>
    /// <exception cref="Errors.TrainToolsException">The options contradict the text or one another.</exception>
    public TokenEncoding EncodeText(string text, string? pair = null, EncodeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return EncodeTexts([(text, pair)], options)[0];
    }

    /// <summary>Encodes texts, or pairs, as one batch: padding goes to the longest of them where so set.</summary>
    /// <param name="texts">The texts, each with the second one of a pair or null.</param>
    /// <param name="options">How; null: the model's tokens around each, no truncation, no padding.</param>
    public IReadOnlyList<TokenEncoding> EncodeTexts(IReadOnlyList<(string Text, string? Pair)> texts, EncodeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return Finish(texts.Select(t => (_pipeline.Encode(t.Text, 0), t.Pair is null ? null : _pipeline.Encode(t.Pair, 1))), options ?? DefaultOptions);
    }

    /// <summary>Encodes a text that is already cut into words. Word ids count the words, offsets are within each word.</summary>
    /// <param name="words">The words.</param>
    /// <param name="options">How; null: the model's tokens around them, no truncation, no padding.</param>
    public TokenEncoding EncodeWords(IReadOnlyList<string> words, EncodeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(words);
        var rows = new TokenRows();
        for (var i = 0; i < words.Count; i++)
        {
            rows.Rows.AddRange(_pipeline.Encode(words[i], 0, i).Rows);
        }

        return Finish([(rows, null)], options ?? DefaultOptions)[0];
    }

    private List<TokenEncoding> Finish(IEnumerable<(TokenRows First, TokenRows? Second)> texts, EncodeOptions options)
    {
        var finished = texts.Select(t => PutTogether(t.First, t.Second, options)).ToList();
        if (options.Padding != PaddingStrategy.None)
        {
            Pad(finished, options);
        }

        return [.. finished.Select(f => f.ToEncoding(IdToToken))];
    }

    private TokenRows PutTogether(TokenRows first, TokenRows? second, EncodeOptions options)
    {
        if (options.MaxLength is { } limit)
        {
            var room = limit - (options.AddSpecialTokens ? _pipeline.AddedTokens(second is not null) : 0);
            if (room < 0)
            {
                throw TokenizerErrors.Input(
                    $"A length of {limit} tokens has no room for the {limit - room} tokens the model puts around a text.", "Raise the length.");
            }

            (first, second) = Truncation.Apply(first, second, room, options, options.TruncationSide ?? _settings.TruncationSide);
        }

        return _pipeline.PostProcess(first, second, options.AddSpecialTokens);
    }

    private void Pad(List<TokenRows> batch, EncodeOptions options)
    {
        if (PadTokenId is not { } padId)
        {
            throw TokenizerErrors.Input(
                "Padding is asked for, but the tokenizer has no padding token.",
                "Set pad_token in the model's tokenizer_config.json (often the end-of-text token), or do not pad.");
        }

        var length = options.Padding == PaddingStrategy.Longest ? batch.Max(b => b.Count) : options.MaxLength ?? 0;
        if (options.PadToMultipleOf is > 1 and var multiple && length % multiple != 0)
        {
            length += multiple - (length % multiple);
        }

        var padding = new TokenRow(padId, PadToken!) { TypeId = _settings.PadTypeId, Special = true, Padding = true };
        batch.ForEach(rows => PadTo(rows, length, padding, options.PaddingSide ?? _settings.PaddingSide));
    }

    private static void PadTo(TokenRows rows, int length, TokenRow padding, TokenSide side)
    {
        var missing = Math.Max(length - rows.Count, 0);
        rows.Rows.InsertRange(side == TokenSide.Left ? 0 : rows.Count, Enumerable.Repeat(padding, missing));
        rows.Overflowing.ForEach(o => PadTo(o, length, padding, side));
    }
}
