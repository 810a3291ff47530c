namespace TrainTools.Core.Data.Splitting;

/// <summary>Sets of numbers that grow together (union-find).</summary>
internal sealed class DisjointSets
{
    private readonly List<int> _parent = [];

    /// <summary>Adds the next number as a set of its own.</summary>
    public int Add()
    {
        _parent.Add(_parent.Count);
        return _parent.Count - 1;
    }

    /// <summary>Joins the sets of two numbers; the least number leads.</summary>
    public void Join(int a, int b)
    {
        a = Find(a);
        b = Find(b);
        _parent[Math.Max(a, b)] = Math.Min(a, b);
    }

    /// <summary>All sets, each in ascending order, by their least numbers.</summary>
    public int[][] Members() => [.. Enumerable.Range(0, _parent.Count).GroupBy(Find).Select(g => g.ToArray())];

    private int Find(int item)
    {
        while (_parent[item] != item)
        {
            _parent[item] = _parent[_parent[item]];
            item = _parent[item];
        }

        return item;
    }
}
