namespace TrainTools.Core.Tokenization.Text;

/// <summary>Matches a fixed text, ordinally.</summary>
internal sealed class LiteralPattern(string literal) : ITextPattern
{
    public string Literal { get; } = literal;

    public void Find(string text, List<Segment> segments)
    {
        var from = 0;
        while (Literal.Length > 0 && text.IndexOf(Literal, from, StringComparison.Ordinal) is var at and >= 0)
        {
            if (at > from)
            {
                segments.Add(new Segment(from, at, false));
            }

            from = at + Literal.Length;
            segments.Add(new Segment(at, from, true));
        }

        if (from < text.Length)
        {
            segments.Add(new Segment(from, text.Length, false));
        }
    }
}
