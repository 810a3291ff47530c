namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Attributes, items and slices, as the sandboxed environment looks them up.</summary>
internal static class Members
{
    /// <summary>value.name: an attribute of the type first, an item second.</summary>
    public static object? Attribute(object? owner, string name)
    {
        if (owner is Undefined u)
        {
            throw u.Fail();
        }

        if (TryAttribute(owner, name, out var value))
        {
            return value;
        }

        return owner is PyDict dict && dict.TryGet(name, out var item) ? item : Unsafe(owner, name);
    }

    /// <summary>value[key]: an item first, an attribute second.</summary>
    public static object? Item(object? owner, object? key)
    {
        if (owner is Undefined u)
        {
            throw u.Fail();
        }

        switch (owner)
        {
            case PyDict dict when key is not (PyList or PyDict) && dict.TryGet(key, out var value):
                return value;
            case PyList list when key is long or bool && InRange(Py.ToLong(key), list.Items.Count, out var i):
                return list.Items[i];
            case PyTuple tuple when key is long or bool && InRange(Py.ToLong(key), tuple.Items.Length, out var i):
                return tuple.Items[i];
            case PyRange range when key is long or bool && InRange(Py.ToLong(key), (int)range.Count, out var i):
                return range.Start + (i * range.Step);
            case string text when key is long or bool:
                return Character(text, Py.ToLong(key));
            case Markup markup when key is long or bool:
                return Markup.Wrap(Character(markup.Text, Py.ToLong(key)));
        }

        if (key is string name)
        {
            return TryAttribute(owner, name, out var value) ? value : Unsafe(owner, name);
        }

        return Undefined.Member(owner, key);
    }

    public static object? Slice(object? owner, object? start, object? stop, object? step)
    {
        switch (owner)
        {
            case Undefined u:
                throw u.Fail();
            case string text when !PythonText.HasSurrogates(text):
                return string.Concat(Indices(text.Length, start, stop, step).Select(i => text[i]));
            case string text:
                var points = PythonText.CodePoints(text);
                return string.Concat(Indices(points.Count, start, stop, step).Select(i => points[i]));
            case Markup markup:
                return Markup.Wrap(Slice(markup.Text, start, stop, step));
            case PyList list:
                return new PyList([.. Indices(list.Items.Count, start, stop, step).Select(i => list.Items[i])]);
            case PyTuple tuple:
                return new PyTuple([.. Indices(tuple.Items.Length, start, stop, step).Select(i => tuple.Items[i])]);
            case PyRange range:
                var picked = Indices((int)range.Count, start, stop, step).Select(i => range.Start + (i * range.Step)).ToList();
                var by = range.Step * (Bound(step) ?? 1);
                return picked.Count == 0 ? new PyRange(range.Start, range.Start, by) : new PyRange(picked[0], picked[^1] + by, by);
            case PyDict:
                throw JinjaException.Type("unhashable type: 'slice'");
            default:
                throw JinjaException.Type($"'{Py.TypeName(owner)}' object is not subscriptable");
        }
    }

    private static bool TryAttribute(object? owner, string name, out object? value)
    {
        value = owner switch
        {
            string text => StringMethods.Find(text, name),
            Markup markup => markup.Method(name),
            PyDict dict => CollectionMethods.Find(dict, name),
            PyList list => CollectionMethods.Find(list, name),
            PyTuple tuple => CollectionMethods.Find(tuple.Items, name),
            LoopContext loop => loop.Attribute(name),
            Namespace ns => ns.Values.TryGetValue(name, out var held) ? new Held(held) : null,
            Macro macro when name == "name" => macro.Name,
            Cycler cycler => cycler.Attribute(name),
            double d when name == "is_integer" => new Function(name, _ => Math.Floor(d) == d),
            _ => null,
        };
        if (value is null)
        {
            return false;
        }

        value = value switch
        {
            Held wrapped => wrapped.Value,
            LoopContext.NoneItem => null,
            _ => value,
        };

        return true;
    }

    // Names with an underscore in front are internals of the host language to the sandbox: it lets nobody use them.
    private static Undefined Unsafe(object? owner, string name) => name.StartsWith("__", StringComparison.Ordinal)
        ? new Undefined($"access to attribute '{name}' of '{Py.TypeName(owner)}' object is unsafe.", "SecurityError")
        : Undefined.Member(owner, name);

    private static bool InRange(long index, int count, out int i)
    {
        index = index < 0 ? index + count : index;
        i = (int)Math.Clamp(index, 0, int.MaxValue);
        return index >= 0 && index < count;
    }

    private static object Character(string text, long index)
    {
        if (!PythonText.HasSurrogates(text))
        {
            return InRange(index, text.Length, out var i) ? text[i].ToString() : Undefined.Member(text, index);
        }

        var points = PythonText.CodePoints(text);
        return InRange(index, points.Count, out var j) ? points[j] : Undefined.Member(text, index);
    }

    private static IEnumerable<int> Indices(int count, object? start, object? stop, object? step)
    {
        var by = Bound(step) ?? 1;
        if (by == 0)
        {
            throw JinjaException.Value("slice step cannot be zero");
        }

        var from = Clamp(Bound(start), by > 0 ? 0 : count - 1);
        var to = Clamp(Bound(stop), by > 0 ? count : -1);
        return Walk();

        long Clamp(long? bound, long otherwise)
        {
            if (bound is not { } b)
            {
                return otherwise;
            }

            b = b < 0 ? b + count : b;
            return by > 0 ? Math.Clamp(b, 0, count) : Math.Clamp(b, -1, count - 1);
        }

        IEnumerable<int> Walk()
        {
            for (var i = from; by > 0 ? i < to : i > to; i += by)
            {
                yield return (int)i;
            }
        }
    }

    private static long? Bound(object? value) => value switch
    {
        null => null,
        long or bool => Py.ToLong(value),
        Undefined => throw JinjaException.Type("slice indices must be integers or None or have an __index__ method"),
        _ => throw JinjaException.Type("slice indices must be integers or None or have an __index__ method"),
    };

    private sealed record Held(object? Value);
}
