namespace TrainTools.Core.Tokenization;

public sealed partial class PretrainedTokenizer : IOffsetTokenizer
{
    /// <inheritdoc/>
    public AlignedTokens EncodeAligned(string text, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        var rows = _pipeline.PostProcess(_pipeline.Encode(text, 0), null, addSpecialTokens).Rows;
        return new AlignedTokens([.. rows.Select(r => r.Id)], [.. rows.Select(r => (r.Start, r.End))]);
    }
}
