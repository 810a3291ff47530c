using System.Text;

namespace TrainTools.Core.Tokenization.PostProcessors;

/// <summary>Takes the white space a byte-level token begins or ends with out of its offsets.</summary>
internal static class OffsetTrimmer
{
    private const int SpaceByte = 'Ġ';

    public static TokenRow Trim(int index, TokenRow row, bool addPrefixSpace)
    {
        var leading = 0;
        var trailing = 0;
        var onlyBlanks = true;
        foreach (var rune in row.Text.EnumerateRunes())
        {
            if (rune.Value == SpaceByte || Rune.IsWhiteSpace(rune))
            {
                leading += onlyBlanks ? 1 : 0;
                trailing++;
            }
            else
            {
                onlyBlanks = false;
                trailing = 0;
            }
        }

        var (start, end) = (row.Start, row.End);
        if (leading > 0)
        {
            // A single leading space at the start is the one add_prefix_space put there: nothing to take away.
            if ((index == 0 || start == 0) && addPrefixSpace && leading == 1)
            {
                leading = 0;
            }

            start = Math.Min(start + leading, end);
        }

        if (trailing > 0 && end >= trailing)
        {
            end = Math.Max(end - trailing, start);
        }

        return row with { Start = start, End = end };
    }
}

/// <summary>Trims offsets, if told so, and nothing else.</summary>
internal sealed class ByteLevelProcessing(bool trimOffsets, bool addPrefixSpace) : IPostProcessor
{
    public int AddedTokens(bool isPair) => 0;

    public List<TokenRows> Process(List<TokenRows> texts, bool addSpecialTokens)
    {
        if (trimOffsets)
        {
            texts.ForEach(t => t.ChangeAll((index, row) => OffsetTrimmer.Trim(index, row, addPrefixSpace)));
        }

        return texts;
    }
}

/// <summary>BERT's and RoBERTa's fixed frames: [CLS] A [SEP] B [SEP], and &lt;s&gt; A &lt;/s&gt;&lt;/s&gt; B &lt;/s&gt;.</summary>
internal sealed class FrameProcessing(TokenRow opening, TokenRow closing, bool isRoberta, bool trimOffsets, bool addPrefixSpace) : IPostProcessor
{
    public int AddedTokens(bool isPair) => isPair ? (isRoberta ? 4 : 3) : 2;

    public List<TokenRows> Process(List<TokenRows> texts, bool addSpecialTokens)
    {
        if (isRoberta)
        {
            texts.ForEach(t => t.ChangeAll((index, row) => (trimOffsets ? OffsetTrimmer.Trim(index, row, addPrefixSpace) : row) with { TypeId = 0 }));
        }

        return addSpecialTokens ? [.. texts.Select(Frame)] : texts;
    }

    private TokenRows Frame(TokenRows text, int index)
    {
        var typeId = isRoberta ? 0 : index;
        var first = index == 0 ? opening : closing;
        var rows = new List<TokenRow>(text.Count + 2);
        if (index == 0 || isRoberta)
        {
            rows.Add(first with { TypeId = typeId, Special = true });
        }

        rows.AddRange(text.Rows);
        rows.Add(closing with { TypeId = typeId, Special = true });
        return new TokenRows(rows) { Overflowing = [.. text.Overflowing.Select(o => Frame(o, index))] };
    }
}
