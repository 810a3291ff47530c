namespace TrainTools.Core.Tokenization.PostProcessors;

/// <summary>A piece of a template: one of the texts, or a special token (which may be several ids).</summary>
/// <param name="Text">0 or 1: which text; -1: a special token.</param>
/// <param name="TypeId">Segment id.</param>
/// <param name="Tokens">Ids and tokens of a special token.</param>
internal sealed record TemplatePiece(int Text, int TypeId, IReadOnlyList<(int Id, string Token)> Tokens);

/// <summary>Puts the texts and special tokens together as two templates say: one for a single text, one for a pair.</summary>
internal sealed class TemplateProcessing(IReadOnlyList<TemplatePiece> single, IReadOnlyList<TemplatePiece> pair) : IPostProcessor
{
    public int AddedTokens(bool isPair) => (isPair ? pair : single).Sum(p => p.Tokens.Count);

    public List<TokenRows> Process(List<TokenRows> texts, bool addSpecialTokens)
    {
        var result = new List<TokenRows>();
        foreach (var piece in texts.Count == 2 ? pair : single)
        {
            if (piece.Text >= 0)
            {
                var text = texts[piece.Text];
                text.ChangeAll((_, row) => row with { TypeId = piece.TypeId, Sequence = piece.Text });
                result.Add(text);
            }
            else if (addSpecialTokens)
            {
                result.Add(new TokenRows([.. piece.Tokens.Select(t => new TokenRow(t.Id, t.Token) { TypeId = piece.TypeId, Special = true })]));
            }
        }

        return result;
    }
}
