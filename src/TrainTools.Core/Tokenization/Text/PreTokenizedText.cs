namespace TrainTools.Core.Tokenization.Text;

/// <summary>A part of the text: still to be tokenized, or already an added token.</summary>
/// <param name="Text">The part.</param>
/// <param name="TokenId">Id of the added token this part is; -1 if the model must tokenize it.</param>
internal readonly record struct TextPart(NormalizedText Text, int TokenId = -1)
{
    /// <summary>Whether this part is an added token, which nothing touches any more.</summary>
    public bool IsToken => TokenId >= 0;
}

/// <summary>The text cut into parts (words), on its way from the added vocabulary through the pre-tokenizers to the model.</summary>
internal sealed class PreTokenizedText
{
    private List<TextPart> _parts = [];
    private List<TextPart> _next = [];

    public PreTokenizedText(NormalizedText whole)
    {
        _parts.Add(new TextPart(whole));
    }

    /// <summary>The parts, in order; empty ones are dropped.</summary>
    public IReadOnlyList<TextPart> Parts => _parts;

    /// <summary>Cuts every part that is not a token yet; <paramref name="cut"/> adds what the part becomes to the list it is given.</summary>
    public void Cut(Action<NormalizedText, List<TextPart>> cut)
    {
        _next.Clear();
        foreach (var part in _parts)
        {
            if (part.IsToken)
            {
                _next.Add(part);
                continue;
            }

            var before = _next.Count;
            cut(part.Text, _next);
            RemoveEmpty(before);
        }

        (_parts, _next) = (_next, _parts);
    }

    /// <summary>Changes every part that is not a token yet.</summary>
    public void Change(Action<NormalizedText> change)
    {
        foreach (var part in _parts)
        {
            if (!part.IsToken)
            {
                change(part.Text);
            }
        }
    }

    private void RemoveEmpty(int from)
    {
        var kept = from;
        for (var i = from; i < _next.Count; i++)
        {
            if (_next[i].Text.Length > 0)
            {
                _next[kept++] = _next[i];
            }
        }

        _next.RemoveRange(kept, _next.Count - kept);
    }
}
