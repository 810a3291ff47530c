namespace TrainTools.Core.Cleaning.Sets;

/// <summary>Strongly connected components of a small directed graph (Tarjan, without recursion).</summary>
internal static class StrongComponents
{
    /// <summary>Number of each node's component.</summary>
    public static Dictionary<ulong, int> Of(IEnumerable<(ulong From, ulong To)> edges)
    {
        var next = new Dictionary<ulong, List<ulong>>();
        foreach (var (from, to) in edges)
        {
            (next.TryGetValue(from, out var list) ? list : next[from] = []).Add(to);
            next.TryAdd(to, []);
        }

        var component = new Dictionary<ulong, int>();
        var number = new Dictionary<ulong, int>();
        var low = new Dictionary<ulong, int>();
        var open = new Stack<ulong>();
        var path = new Stack<(ulong Node, int Edge)>();
        foreach (var root in next.Keys)
        {
            if (number.ContainsKey(root))
            {
                continue;
            }

            path.Push((root, 0));
            while (path.TryPop(out var step))
            {
                var (node, edge) = step;
                if (edge == 0)
                {
                    number[node] = low[node] = number.Count;
                    open.Push(node);
                }
                else
                {
                    low[node] = Math.Min(low[node], low[next[node][edge - 1]]);
                }

                var descended = false;
                for (; edge < next[node].Count; edge++)
                {
                    var target = next[node][edge];
                    if (!number.ContainsKey(target))
                    {
                        path.Push((node, edge + 1));
                        path.Push((target, 0));
                        descended = true;
                        break;
                    }

                    if (!component.ContainsKey(target))
                    {
                        low[node] = Math.Min(low[node], number[target]);
                    }
                }

                if (!descended && low[node] == number[node])
                {
                    var name = component.Count;
                    ulong member;
                    do
                    {
                        member = open.Pop();
                        component[member] = name;
                    }
                    while (member != node);
                }
            }
        }

        return component;
    }
}
