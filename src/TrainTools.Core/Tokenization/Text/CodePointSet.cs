namespace TrainTools.Core.Tokenization.Text;

/// <summary>A set of code points, kept as sorted ranges that do not touch.</summary>
internal sealed class CodePointSet
{
    /// <summary>The largest code point.</summary>
    public const int Last = 0x10FFFF;

    private readonly int[] _starts;
    private readonly int[] _ends;

    private CodePointSet(List<(int Start, int End)> sorted)
    {
        _starts = [.. sorted.Select(r => r.Start)];
        _ends = [.. sorted.Select(r => r.End)];
    }

    /// <summary>The empty set.</summary>
    public static CodePointSet Empty { get; } = new([]);

    /// <summary>The ranges, both ends included.</summary>
    public IEnumerable<(int Start, int End)> Ranges => _starts.Zip(_ends);

    /// <summary>The set of the given ranges, in any order, overlapping or not.</summary>
    public static CodePointSet Of(params IEnumerable<(int Start, int End)> ranges)
    {
        var merged = new List<(int Start, int End)>();
        foreach (var range in ranges.OrderBy(r => r.Start))
        {
            if (merged.Count > 0 && range.Start <= merged[^1].End + 1)
            {
                merged[^1] = (merged[^1].Start, Math.Max(merged[^1].End, range.End));
            }
            else
            {
                merged.Add(range);
            }
        }

        return new CodePointSet(merged);
    }

    public bool Contains(int codePoint)
    {
        var at = Array.BinarySearch(_starts, codePoint);
        if (at >= 0)
        {
            return true;
        }

        at = ~at - 1;
        return at >= 0 && codePoint <= _ends[at];
    }

    public CodePointSet Union(CodePointSet other) => Of(Ranges.Concat(other.Ranges));

    public CodePointSet Intersect(CodePointSet other) => Complement().Union(other.Complement()).Complement();

    /// <summary>Every code point that is not in the set.</summary>
    public CodePointSet Complement()
    {
        var ranges = new List<(int, int)>();
        var next = 0;
        foreach (var (start, end) in Ranges)
        {
            if (start > next)
            {
                ranges.Add((next, start - 1));
            }

            next = end + 1;
        }

        if (next <= Last)
        {
            ranges.Add((next, Last));
        }

        return new CodePointSet(ranges);
    }
}
