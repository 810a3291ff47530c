namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Filters on sequences. map, select and reject are lazy, as in Jinja2. Source: jinja2/filters.py.</summary>
internal static class SequenceFilters
{
    public static Dictionary<string, Filter> All { get; } = new(StringComparer.Ordinal)
    {
        ["batch"] = (_, v, a) => new PyGenerator(Batch(v, a)),
        ["count"] = (_, v, _) => Py.Length(v),
        ["length"] = (_, v, _) => Py.Length(v),
        ["dictsort"] = DictSort,
        ["first"] = (_, v, _) => Py.Iterate(v).Take(1).ToList() is [var x] ? x : new Undefined("No first item, sequence was empty."),
        ["last"] = Last,
        ["random"] = (_, _, _) => throw JinjaException.Security("the random filter is not available: renderings must be reproducible"),
        ["groupby"] = GroupBy,
        ["items"] = (_, v, _) => v is Undefined ? new PyGenerator([])
            : v is PyDict d ? new PyGenerator(d.Items.Select(i => (object?)new PyTuple([i.Key, i.Value]))) : throw JinjaException.Type("Can only get item pairs from a mapping."),
        ["join"] = Join,
        ["list"] = (_, v, _) => new PyList([.. Py.Iterate(v)]),
        ["map"] = Map,
        ["max"] = (_, v, a) => Extreme(v, a, 1),
        ["min"] = (_, v, a) => Extreme(v, a, -1),
        ["reject"] = (s, v, a) => Choose(s, v, a, wanted: false, attribute: false),
        ["rejectattr"] = (s, v, a) => Choose(s, v, a, wanted: false, attribute: true),
        ["select"] = (s, v, a) => Choose(s, v, a, wanted: true, attribute: false),
        ["selectattr"] = (s, v, a) => Choose(s, v, a, wanted: true, attribute: true),
        ["reverse"] = (_, v, _) => Reverse(v),
        ["slice"] = (_, v, a) => new PyGenerator(Slice(v, a)),
        ["sort"] = (_, v, a) => new PyList(Sorted(Py.Iterate(v), a.Get(2, "attribute"), Py.IsTrue(a.Get(1, "case_sensitive", false)), Py.IsTrue(a.Get(0, "reverse", false)))),
        ["sum"] = (_, v, a) => Py.Iterate(v).Select(Getter(a.Get(0, "attribute"))).Aggregate(a.Get(1, "start", 0L), (x, y) => Arithmetic.Binary("+", x, y)),
        ["unique"] = Unique,
    };

    /// <summary>Reads "a.b.0" from an item, or the item itself for null.</summary>
    private static Func<object?, object?> Getter(object? attribute, object? otherwise = null)
    {
        if (attribute is null)
        {
            return x => x;
        }

        var parts = attribute is string s
            ? s.Split('.').Select(p => long.TryParse(p, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var n) ? (object)n : p).ToArray()
            : [attribute];
        return x =>
        {
            foreach (var part in parts)
            {
                x = Members.Item(x, part);
                if (x is Undefined && otherwise is not null)
                {
                    return otherwise;
                }
            }

            return x;
        };
    }

    private static object? IgnoreCase(object? value) => Markup.Unwrap(value) is string s ? s.ToLowerInvariant() : value;

    private static List<object?> Sorted(IEnumerable<object?> items, object? attribute, bool caseSensitive, bool reverse)
    {
        var getters = attribute is string s ? s.Split(',').Select(p => Getter(p.Trim())).ToArray() : [Getter(attribute)];
        var keyed = items.Select(x => (Item: x, Key: new PyTuple([.. getters.Select(g => caseSensitive ? g(x) : IgnoreCase(g(x)))])));
        var order = Comparer<PyTuple>.Create((a, b) => Py.Compare(a, b, "<"));
        return [.. InOrder(reverse ? keyed.OrderByDescending(k => k.Key, order) : keyed.OrderBy(k => k.Key, order)).Select(k => k.Item)];
    }

    private static object Reverse(object? value)
    {
        if (Markup.Unwrap(value) is string s)
        {
            return string.Concat(Enumerable.Reverse(PythonText.CodePoints(s)));
        }

        try
        {
            return new PyGenerator(Py.Iterate(value).ToList().AsEnumerable().Reverse());
        }
        catch (JinjaException e) when (e.PythonType == "TypeError")
        {
            throw new JinjaException("FilterArgumentError", "argument must be iterable");
        }
    }

    // The framework's sort wraps what a comparison throws.
    public static List<T> InOrder<T>(IOrderedEnumerable<T> items)
    {
        try
        {
            return [.. items];
        }
        catch (InvalidOperationException e) when (e.InnerException is JinjaException inner)
        {
            throw inner;
        }
    }

    private static PyList DictSort(Scope scope, object? value, CallArguments a)
    {
        var dict = value as PyDict ?? throw (value is Undefined u ? u.Fail() : new JinjaException("AttributeError", $"'{Py.TypeName(value)}' object has no attribute 'items'"));
        var position = a.Get(1, "by", "key") switch
        {
            "key" => 0L,
            "value" => 1L,
            _ => throw new JinjaException("FilterArgumentError", "You can only sort by either \"key\" or \"value\""),
        };
        var items = dict.Items.Select(i => (object?)new PyTuple([i.Key, i.Value]));
        return new PyList(Sorted(items, position, Py.IsTrue(a.Get(0, "case_sensitive", false)), Py.IsTrue(a.Get(2, "reverse", false))));
    }

    private static object? Last(Scope scope, object? value, CallArguments a) => value switch
    {
        PyGenerator => throw JinjaException.Type("'generator' object is not reversible"),
        PyView { Items: [.., var x] } => x,
        _ => Py.Iterate(value).ToList() is [.., var x] ? x : new Undefined("No last item, sequence was empty."),
    };

    private static PyList GroupBy(Scope scope, object? value, CallArguments a)
    {
        var attribute = a.Require(0, "attribute", "groupby");
        var getter = Getter(attribute, a.Get(1, "default"));
        var caseSensitive = Py.IsTrue(a.Get(2, "case_sensitive", false));
        Func<object?, object?> key = x => caseSensitive ? getter(x) : IgnoreCase(getter(x));
        var groups = new List<object?>();
        var order = Comparer<object?>.Create((x, y) => Py.Compare(x, y, "<"));
        List<object?>? current = null;
        object? last = null;
        foreach (var item in InOrder(Py.Iterate(value).OrderBy(key, order)))
        {
            if (current is null || !Py.AreEqual(last, key(item)))
            {
                current = [];
                last = key(item);
                groups.Add(new PyTuple([getter(item), new PyList(current)]));
            }

            current.Add(item);
        }

        return new PyList(groups);
    }

    private static string Join(Scope scope, object? value, CallArguments a) =>
        Py.CheckSize(string.Join(Py.Str(a.Get(0, "d", string.Empty)), Py.Iterate(value).Select(Getter(a.Get(1, "attribute"))).Select(Py.Str)));

    private static PyGenerator Map(Scope scope, object? value, CallArguments a)
    {
        if (a.Positional.Length == 0 && a.Has(-1, "attribute"))
        {
            return new PyGenerator(Items(value).Select(Getter(a.Get(int.MaxValue, "attribute"), a.Get(int.MaxValue, "default"))));
        }

        if (a.Positional.Length == 0)
        {
            throw new JinjaException("FilterArgumentError", "map requires a filter argument");
        }

        var name = Py.Str(a.Positional[0]);
        var filter = Filters.Find(name) ?? throw new JinjaException("TemplateRuntimeError", $"No filter named '{name}'.");
        var rest = new CallArguments(a.Positional[1..], a.Named);
        return new PyGenerator(Items(value).Select(x => filter(scope, x, rest)));
    }

    private static PyGenerator Choose(Scope scope, object? value, CallArguments a, bool wanted, bool attribute)
    {
        var skip = attribute ? 1 : 0;
        if (attribute && a.Positional.Length == 0)
        {
            throw new JinjaException("FilterArgumentError", "Missing parameter for attribute name");
        }

        var getter = attribute ? Getter(a.Positional[0]) : x => x;
        Func<object?, bool> holds = Py.IsTrue;
        if (a.Positional.Length > skip)
        {
            var name = Py.Str(a.Positional[skip]);
            var test = Tests.Find(name) ?? throw new JinjaException("TemplateRuntimeError", $"No test named '{name}'.");
            var rest = new CallArguments(a.Positional[(skip + 1)..], a.Named);
            holds = x => test(x, rest);
        }

        _ = scope;
        return new PyGenerator(Items(value).Where(x => holds(getter(x)) == wanted));
    }

    // "if value": an empty or missing value gives an empty generator, without asking whether it can be iterated.
    private static IEnumerable<object?> Items(object? value) => Py.IsTrue(value) ? Py.Iterate(value) : [];

    private static object? Extreme(object? value, CallArguments a, int sign)
    {
        var getter = Getter(a.Get(1, "attribute"));
        var caseSensitive = Py.IsTrue(a.Get(0, "case_sensitive", false));
        object? best = new Undefined("No aggregated item, sequence was empty.");
        object? bestKey = null;
        foreach (var item in Py.Iterate(value))
        {
            var key = caseSensitive ? getter(item) : IgnoreCase(getter(item));
            if (best is Undefined || Py.Compare(key, bestKey, sign > 0 ? ">" : "<") * sign > 0)
            {
                (best, bestKey) = (item, key);
            }
        }

        return best;
    }

    private static PyGenerator Unique(Scope scope, object? value, CallArguments a)
    {
        var getter = Getter(a.Get(1, "attribute"));
        var caseSensitive = Py.IsTrue(a.Get(0, "case_sensitive", false));
        return new PyGenerator(Walk());

        IEnumerable<object?> Walk()
        {
            var seen = new PyDict();
            foreach (var item in Py.Iterate(value))
            {
                var key = caseSensitive ? getter(item) : IgnoreCase(getter(item));
                if (!seen.TryGet(key, out _))
                {
                    seen.Set(key, true);
                    yield return item;
                }
            }
        }
    }

    private static IEnumerable<object?> Batch(object? value, CallArguments a)
    {
        var size = Py.ToLong(a.Require(0, "linecount", "batch"));
        var fill = a.Get(1, "fill_with");
        var row = new List<object?>();
        foreach (var item in Py.Iterate(value))
        {
            if (row.Count == size)
            {
                yield return new PyList(row);
                row = [];
            }

            row.Add(item);
        }

        if (row.Count > 0)
        {
            while (fill is not null && row.Count < size)
            {
                row.Add(fill);
            }

            yield return new PyList(row);
        }
    }

    private static IEnumerable<object?> Slice(object? value, CallArguments a)
    {
        var slices = (int)Math.Clamp(Py.ToLong(a.Require(0, "slices", "slice")), 0, 100_000);
        var fill = a.Get(1, "fill_with");
        var items = Py.Iterate(value).ToList();
        if (slices == 0)
        {
            throw new JinjaException("ZeroDivisionError", "integer division or modulo by zero");
        }

        var (each, extra) = (items.Count / slices, items.Count % slices);
        var offset = 0;
        for (var i = 0; i < slices; i++)
        {
            var start = offset + (i * each);
            offset += i < extra ? 1 : 0;
            var end = offset + ((i + 1) * each);
            var part = items[start..end];
            if (fill is not null && i >= extra)
            {
                part.Add(fill);
            }

            yield return new PyList(part);
        }
    }
}
