namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Methods of lists, tuples and dicts. Those that would change one are refused, as in the immutable sandbox.</summary>
internal static class CollectionMethods
{
    public static object? Find(PyDict dict, string name) => name switch
    {
        "get" => new Function(name, a =>
        {
            var key = Py.Hashable(a.Require(0, "key", "get"));
            return dict.TryGet(key, out var value) ? value : a.Get(1, "default");
        }),
        "items" => new Function(name, _ => new PyView("dict_items", [.. dict.Items.Select(i => (object?)new PyTuple([i.Key, i.Value]))])),
        "keys" => new Function(name, _ => new PyView("dict_keys", [.. dict.Items.Select(i => i.Key)])),
        "values" => new Function(name, _ => new PyView("dict_values", [.. dict.Items.Select(i => i.Value)])),
        "copy" => new Function(name, _ => Copy(dict)),
        "clear" or "pop" or "popitem" or "setdefault" or "update" => Refused("dict", name),
        _ => null,
    };

    public static object? Find(PyList list, string name) => name switch
    {
        "index" or "count" => Find(list.Items, name),
        "copy" => new Function(name, _ => new PyList([.. list.Items])),
        "append" or "clear" or "extend" or "insert" or "pop" or "remove" or "reverse" or "sort" => Refused("list", name),
        _ => null,
    };

    public static object? Find(IReadOnlyList<object?> items, string name) => name switch
    {
        "index" => new Function(name, a =>
        {
            var wanted = a.Require(0, "value", "index");
            for (var i = 0; i < items.Count; i++)
            {
                if (Py.AreEqual(items[i], wanted))
                {
                    return (long)i;
                }
            }

            throw JinjaException.Value($"{Py.Repr(wanted)} is not in list");
        }),
        "count" => new Function(name, a => (long)items.Count(i => Py.AreEqual(i, a.Require(0, "value", "count")))),
        _ => null,
    };

    private static PyDict Copy(PyDict dict)
    {
        var copy = new PyDict();
        foreach (var (key, value) in dict.Items)
        {
            copy.Set(key, value);
        }

        return copy;
    }

    private static Function Refused(string type, string name) =>
        new(name, _ => throw JinjaException.Security($"access to attribute '{name}' of '{type}' object is unsafe."));
}
