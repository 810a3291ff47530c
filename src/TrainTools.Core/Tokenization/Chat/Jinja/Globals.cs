namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Functions every template can call: Jinja2's own and the two that transformers adds.</summary>
internal static class Globals
{
    private const long MaxRange = 100_000;

    private static readonly Function RangeFunction = new("range", Range);
    private static readonly Function DictFunction = new("dict", Dict);
    private static readonly Function NamespaceFunction = new("namespace", MakeNamespace);
    private static readonly Function RaiseFunction = new("raise_exception", a => throw new JinjaException("TemplateError", Py.Str(a.Require(0, "message", "raise_exception"))));
    private static readonly Function JoinerFunction = new("joiner", a =>
    {
        var used = false;
        var separator = a.Get(0, "sep", ", ");
        return new Function("joiner", _ =>
        {
            var text = used ? separator : string.Empty;
            used = true;
            return text;
        });
    });

    private static readonly Function CyclerFunction = new("cycler", a => new Cycler(a.Positional));

    public static void AddTo(Scope scope)
    {
        scope.Set("range", RangeFunction);
        scope.Set("dict", DictFunction);
        scope.Set("namespace", NamespaceFunction);
        scope.Set("joiner", JoinerFunction);
        scope.Set("cycler", CyclerFunction);
        scope.Set("raise_exception", RaiseFunction);
        scope.Set("strftime_now", new Function("strftime_now", a => StrfTime.Format(scope.State.Now, Py.Text(a.Require(0, "format", "strftime_now"), "strftime"))));
    }

    private static PyRange Range(CallArguments a)
    {
        if (a.Positional.Length is 0 or > 3)
        {
            throw JinjaException.Type($"range expected 1 to 3 arguments, got {a.Positional.Length}");
        }

        var n = a.Positional.Select(Py.ToLong).ToArray();
        var step = n.Length > 2 ? n[2] : 1;
        if (step == 0)
        {
            throw JinjaException.Value("range() arg 3 must not be zero");
        }

        var range = new PyRange(n.Length > 1 ? n[0] : 0, n.Length > 1 ? n[1] : n[0], step);
        return range.Count <= MaxRange ? range
            : throw new JinjaException("OverflowError", $"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MaxRange}).");
    }

    private static PyDict Dict(CallArguments a)
    {
        var dict = new PyDict();
        foreach (var item in a.Positional)
        {
            if (item is PyDict other)
            {
                foreach (var (key, value) in other.Items)
                {
                    dict.Set(key, value);
                }

                continue;
            }

            foreach (var pair in Py.Iterate(item))
            {
                var parts = Py.Iterate(pair).ToList();
                dict.Set(parts is [var key, _] ? key : throw JinjaException.Value("dictionary update sequence elements must be pairs"), parts[1]);
            }
        }

        foreach (var (key, value) in a.Named)
        {
            dict.Set(key, value);
        }

        return dict;
    }

    private static Namespace MakeNamespace(CallArguments a)
    {
        var result = new Namespace();
        foreach (var (key, value) in Dict(a).Items)
        {
            result.Values[Py.Str(key)] = value;
        }

        return result;
    }
}

/// <summary>cycler(): gives its items round and round.</summary>
internal sealed class Cycler(object?[] items)
{
    private int position;

    public object? Attribute(string name) => name switch
    {
        "next" => new Function(name, _ => items[position++ % items.Length]),
        "reset" => new Function(name, _ =>
        {
            position = 0;
            return null;
        }),
        "current" => items[position % items.Length],
        _ => null,
    };
}
