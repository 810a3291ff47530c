using System.Buffers;

namespace TrainTools.Core.Tokenization.Text;

/// <summary>Finds any of a set of texts: the leftmost, and of those that begin at the same place the longest.</summary>
internal sealed class TokenTrie
{
    private readonly Node _root = new();
    private readonly SearchValues<char> _firsts;

    public TokenTrie(IEnumerable<(string Content, int Id)> entries)
    {
        foreach (var (content, id) in entries)
        {
            var node = _root;
            foreach (var character in content)
            {
                node = node.Grow(character);
            }

            // Texts that a normalizer makes equal: the first one given counts.
            if (node.Id < 0)
            {
                node.Id = id;
            }
        }

        _firsts = SearchValues.Create([.. _root.Children.Keys]);
    }

    /// <summary>Finds the next match at or after <paramref name="from"/>.</summary>
    /// <returns>Its start, end and id; id -1 if there is none.</returns>
    public (int Start, int End, int Id) Find(ReadOnlySpan<char> text, int from)
    {
        for (var at = from; at < text.Length; at++)
        {
            var skip = text[at..].IndexOfAny(_firsts);
            if (skip < 0)
            {
                break;
            }

            at += skip;
            if (Longest(text, at) is { Id: >= 0 } match)
            {
                return match;
            }
        }

        return (text.Length, text.Length, -1);
    }

    private (int Start, int End, int Id) Longest(ReadOnlySpan<char> text, int start)
    {
        var node = _root;
        var best = (start, start, -1);
        for (var at = start; at < text.Length && node.Children.TryGetValue(text[at], out var child); at++)
        {
            node = child;
            if (node.Id >= 0)
            {
                best = (start, at + 1, node.Id);
            }
        }

        return best;
    }

    private sealed class Node
    {
        public Dictionary<char, Node> Children { get; } = [];

        public int Id { get; set; } = -1;

        public Node Grow(char character)
        {
            if (!Children.TryGetValue(character, out var child))
            {
                child = new Node();
                Children.Add(character, child);
            }

            return child;
        }
    }
}
