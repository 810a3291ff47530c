using System.Numerics;

namespace TrainTools.Core.Tokenization.Models;

/// <summary>
/// The tokens of a vocabulary by their characters, for finding all that begin at a place. Nodes are numbers; the edges
/// (node, character) → node lie in one open-addressing table, which stays small for vocabularies of 250,000 tokens.
/// </summary>
internal sealed class PrefixTrie
{
    private const long Empty = -1;

    private long[] _keys = NewKeys(1 << 12);
    private int[] _children = new int[1 << 12];
    private int[] _ids = [-1];
    private int _nodes = 1;
    private int _edges;

    /// <summary>The node every token begins at.</summary>
    public const int Root = 0;

    /// <summary>Adds a token; of equal ones the last counts.</summary>
    public void Add(ReadOnlySpan<char> token, int id)
    {
        var node = Root;
        foreach (var character in token)
        {
            var child = Step(node, character);
            if (child < 0)
            {
                child = _nodes++;
                if (child == _ids.Length)
                {
                    Array.Resize(ref _ids, child * 2);
                }

                _ids[child] = -1;
                AddEdge(Key(node, character), child);
            }

            node = child;
        }

        _ids[node] = id;
    }

    /// <summary>The node one character further on, or -1.</summary>
    public int Step(int node, char character)
    {
        var key = Key(node, character);
        var mask = _keys.Length - 1;
        for (var at = Slot(key, _keys.Length); ; at = (at + 1) & mask)
        {
            var found = _keys[at];
            if (found == key)
            {
                return _children[at];
            }

            if (found == Empty)
            {
                return -1;
            }
        }
    }

    /// <summary>Id of the token that ends at a node, or -1.</summary>
    public int IdAt(int node) => _ids[node];

    private static long Key(int node, char character) => ((long)node << 16) | character;

    private static int Slot(long key, int size) =>
        (int)(((ulong)key * 0x9E3779B97F4A7C15UL) >> (64 - BitOperations.Log2((uint)size))) & (size - 1);

    private static long[] NewKeys(int size)
    {
        var keys = new long[size];
        Array.Fill(keys, Empty);
        return keys;
    }

    private void AddEdge(long key, int child)
    {
        if (++_edges * 2 > _keys.Length)
        {
            var (keys, children) = (_keys, _children);
            _keys = NewKeys(keys.Length * 2);
            _children = new int[keys.Length * 2];
            for (var i = 0; i < keys.Length; i++)
            {
                if (keys[i] != Empty)
                {
                    Insert(keys[i], children[i]);
                }
            }
        }

        Insert(key, child);
    }

    private void Insert(long key, int child)
    {
        var mask = _keys.Length - 1;
        var at = Slot(key, _keys.Length);
        while (_keys[at] != Empty)
        {
            at = (at + 1) & mask;
        }

        _keys[at] = key;
        _children[at] = child;
    }
}
