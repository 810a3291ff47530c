using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Normalizers;

/// <summary>Replaces every match of a pattern by a fixed text, which takes the alignment of the match's last character.</summary>
internal sealed class ReplaceNormalizer(ITextPattern pattern, string content) : INormalizer
{
    public ITextPattern Pattern { get; } = pattern;

    public string Content { get; } = content;

    public void Normalize(NormalizedText text)
    {
        var segments = new List<Segment>();
        Pattern.Find(text.Value, segments);
        if (!segments.Exists(s => s.IsMatch))
        {
            return;
        }

        var change = new TextChange(text, text.Length + Content.Length);
        foreach (var segment in segments)
        {
            if (segment.IsMatch)
            {
                change.Skip(segment.End - segment.Start);
                change.Insert(Content);
            }
            else
            {
                change.Keep(segment.End - segment.Start);
            }
        }

        change.Apply();
    }
}
