using TrainTools.Core.Tokenization.Normalizers;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization;

/// <summary>
/// The added tokens: cuts them out of a text before the model sees it. Those that are not normalized are found in the
/// text as given, the others in what the normalizer makes of the stretches between.
/// </summary>
internal sealed class AddedVocabulary
{
    private readonly Dictionary<int, AddedToken> _byId = [];
    private readonly Dictionary<string, AddedToken> _byContent = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _normalizedContent = [];
    private readonly HashSet<string> _special = new(StringComparer.Ordinal);
    private readonly TokenTrie? _plain;
    private readonly TokenTrie? _normalized;

    private readonly bool _splitSpecial;

    /// <summary>Makes the vocabulary.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="normalizer">What texts are normalized with.</param>
    /// <param name="splitSpecial">Whether special tokens in a text are taken as plain text.</param>
    public AddedVocabulary(IReadOnlyList<AddedToken> tokens, INormalizer? normalizer, bool splitSpecial)
    {
        _splitSpecial = splitSpecial;
        foreach (var token in tokens)
        {
            _byId[token.Id] = token;
            _byContent[token.Content] = token;
            if (token.Special)
            {
                _special.Add(token.Content);
            }

            if (token.Normalized && normalizer is not null)
            {
                var text = new NormalizedText(token.Content);
                normalizer.Normalize(text);
                if (text.Length > 0)
                {
                    _normalizedContent[token.Id] = text.Value;
                }
            }
        }

        Tokens = [.. _byId.Values.OrderBy(t => t.Id)];
        _plain = Trie(Tokens.Where(t => !t.Normalized).Select(t => (t.Content, t.Id)));
        _normalized = Trie(Tokens.Where(t => t.Normalized).Select(t => (_normalizedContent.GetValueOrDefault(t.Id, t.Content), t.Id)));
    }

    /// <summary>The tokens, by id.</summary>
    public IReadOnlyList<AddedToken> Tokens { get; }

    public AddedToken? Find(int id) => _byId.GetValueOrDefault(id);

    public AddedToken? Find(string content) => _byContent.GetValueOrDefault(content);

    /// <summary>
    /// What a decoder is given for an added token: its content as the normalizer leaves it, so that a decoder that undoes
    /// the normalizer finds what it expects.
    /// </summary>
    public string? DecodingText(int id) =>
        _byId.TryGetValue(id, out var token) ? _normalizedContent.GetValueOrDefault(id, token.Content) : null;

    /// <summary>Whether a token text is that of a special token.</summary>
    public bool IsSpecial(string content) => _special.Contains(content);

    /// <summary>Cuts the added tokens out and normalizes the rest.</summary>
    public PreTokenizedText Extract(string text, INormalizer? normalizer)
    {
        var cut = new PreTokenizedText(new NormalizedText(text));
        if (_plain is not null)
        {
            cut.Cut((part, parts) => CutOut(part, _plain, parts));
        }

        if (normalizer is not null || _normalized is not null)
        {
            cut.Cut((part, parts) =>
            {
                normalizer?.Normalize(part);
                if (_normalized is null)
                {
                    parts.Add(new TextPart(part.Slice(0, part.Length)));
                }
                else
                {
                    CutOut(part, _normalized, parts);
                }
            });
        }

        return cut;
    }

    private static TokenTrie? Trie(IEnumerable<(string, int)> entries)
    {
        var list = entries.ToList();
        return list.Count == 0 ? null : new TokenTrie(list);
    }

    private void CutOut(NormalizedText text, TokenTrie trie, List<TextPart> parts)
    {
        var span = text.Span;
        var done = 0;
        var from = 0;
        while (trie.Find(span, from) is { Id: >= 0 } match)
        {
            // A match that turns out not to count is still used up.
            from = match.End;
            var token = _byId[match.Id];
            if ((_splitSpecial && token.Special) || (token.SingleWord && !IsWord(span, match.Start, match.End)))
            {
                continue;
            }

            var start = token.StripLeft ? Math.Max(span[..match.Start].TrimEnd().Length, done) : match.Start;
            var end = token.StripRight ? span.Length - span[match.End..].TrimStart().Length : match.End;
            if (done < start)
            {
                parts.Add(new TextPart(text.Slice(done, start)));
            }

            parts.Add(new TextPart(text.Slice(start, end), match.Id));
            done = end;
        }

        if (done < span.Length)
        {
            parts.Add(new TextPart(text.Slice(done, span.Length)));
        }
    }

    private static bool IsWord(ReadOnlySpan<char> text, int start, int end)
    {
        if (start > 0)
        {
            System.Text.Rune.DecodeLastFromUtf16(text[..start], out var before, out _);
            if (CodePoints.IsWord(before.Value))
            {
                return false;
            }
        }

        if (end < text.Length)
        {
            System.Text.Rune.DecodeFromUtf16(text[end..], out var after, out _);
            return !CodePoints.IsWord(after.Value);
        }

        return true;
    }
}
