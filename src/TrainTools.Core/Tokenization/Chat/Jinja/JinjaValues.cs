using System.Text.Json;
using System.Text.Json.Nodes;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

// Values are plain .NET objects: null (None), bool, long, double, string, and the types below.

/// <summary>A name or attribute that does not exist: prints as nothing, fails when it is used for more.</summary>
internal sealed class Undefined(string message, string pythonType = "UndefinedError")
{
    public static Undefined Name(string name) => new($"'{name}' is undefined");

    public static Undefined Member(object? owner, object? key) => new(
        key is string name && owner is not Undefined
            ? $"{Py.ObjectRepr(owner)} has no attribute {Py.Repr(name)}"
            : $"{Py.ObjectRepr(owner)} has no element {Py.Repr(key)}");

    public JinjaException Fail() => new(pythonType, message);
}

/// <summary>A Python list. Templates cannot change one.</summary>
internal sealed class PyList(List<object?> items)
{
    public List<object?> Items { get; } = items;
}

/// <summary>A Python tuple.</summary>
internal sealed class PyTuple(object?[] items)
{
    public object?[] Items { get; } = items;
}

/// <summary>A Python dict with any hashable keys, in order of insertion.</summary>
internal sealed class PyDict
{
    private readonly Dictionary<Key, int> index = [];
    private readonly List<KeyValuePair<object?, object?>> items = [];

    public int Count => items.Count;

    public IReadOnlyList<KeyValuePair<object?, object?>> Items => items;

    public void Set(object? key, object? value)
    {
        if (index.TryGetValue(new Key(key), out var i))
        {
            items[i] = new(items[i].Key, value);
        }
        else
        {
            index[new Key(key)] = items.Count;
            items.Add(new(key, value));
        }
    }

    public bool TryGet(object? key, out object? value)
    {
        if (index.TryGetValue(new Key(key), out var i))
        {
            value = items[i].Value;
            return true;
        }

        value = null;
        return false;
    }

    private readonly struct Key(object? value) : IEquatable<Key>
    {
        private readonly object? value = Py.Hashable(value);

        public bool Equals(Key other) => Py.AreEqual(value, other.value);

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode() => value switch
        {
            null => 0,
            bool b => b ? 1 : 0,
            long n => n.GetHashCode(),
            double d when d == Math.Floor(d) && Math.Abs(d) < 9e15 => ((long)d).GetHashCode(),
            PyTuple t => t.Items.Aggregate(17, (h, item) => (h * 31) + new Key(item).GetHashCode()),
            var other => other.GetHashCode(),
        };
    }
}

/// <summary>namespace(): the one thing a template may change.</summary>
internal sealed class Namespace
{
    public Dictionary<string, object?> Values { get; } = new(StringComparer.Ordinal);
}

/// <summary>A generator, as map, select and reject give: can be walked once, has no length, is no JSON.</summary>
internal sealed class PyGenerator(IEnumerable<object?> items)
{
    private readonly IEnumerator<object?> enumerator = items.GetEnumerator();

    public IEnumerable<object?> Walk()
    {
        while (enumerator.MoveNext())
        {
            yield return enumerator.Current;
        }
    }
}

/// <summary>range(): a lazy sequence of integers.</summary>
internal sealed class PyRange(long start, long stop, long step)
{
    public long Start { get; } = start;

    public long Stop { get; } = stop;

    public long Step { get; } = step;

    public long Count { get; } = step > 0 ? Math.Max(0, (stop - start + step - 1) / step) : Math.Max(0, (start - stop - step - 1) / -step);

    public IEnumerable<object?> Walk()
    {
        for (long i = 0; i < Count; i++)
        {
            yield return Start + (i * Step);
        }
    }
}

/// <summary>A view of a dict's keys, values or items: has a length, can be walked again, no index.</summary>
internal sealed class PyView(string kind, List<object?> items)
{
    public string Kind { get; } = kind;

    public List<object?> Items { get; } = items;
}

/// <summary>Anything that can be called.</summary>
internal abstract class Callable
{
    public abstract object? Call(CallArguments arguments);
}

/// <summary>A function of the environment or a method bound to its value.</summary>
internal sealed class Function(string name, Func<CallArguments, object?> body) : Callable
{
    public string Name { get; } = name;

    public override object? Call(CallArguments arguments) => body(arguments);
}

/// <summary>Arguments of a call: positional and by name.</summary>
internal sealed class CallArguments(object?[] positional, List<KeyValuePair<string, object?>>? named = null)
{
    public static readonly CallArguments None = new([]);

    public object?[] Positional { get; } = positional;

    public List<KeyValuePair<string, object?>> Named { get; } = named ?? [];

    public bool Has(int i, string name) => i < Positional.Length || Named.Any(n => n.Key == name);

    /// <summary>Argument number <paramref name="i"/> or the one called <paramref name="name"/>, else the default.</summary>
    public object? Get(int i, string name, object? otherwise = null)
    {
        if (i < Positional.Length)
        {
            return Positional[i];
        }

        foreach (var (key, value) in Named)
        {
            if (key == name)
            {
                return value;
            }
        }

        return otherwise;
    }

    /// <summary>A required argument.</summary>
    public object? Require(int i, string name, string function) =>
        Has(i, name) ? Get(i, name) : throw JinjaException.Type($"{function}() missing 1 required positional argument: '{name}'");

    /// <summary>Refuses arguments that the function does not take.</summary>
    public CallArguments Limit(string function, int most, params string[] names)
    {
        if (Positional.Length > most)
        {
            throw JinjaException.Type($"{function}() takes at most {most} positional arguments but {Positional.Length} were given");
        }

        foreach (var (key, _) in Named)
        {
            if (!names.Contains(key, StringComparer.Ordinal))
            {
                throw JinjaException.Type($"{function}() got an unexpected keyword argument '{key}'");
            }
        }

        return this;
    }
}

/// <summary>JSON into template values.</summary>
internal static class JsonValues
{
    public static object? From(JsonNode? node)
    {
        switch (node)
        {
            case null:
                return null;
            case JsonObject o:
                var dict = new PyDict();
                foreach (var (key, value) in o)
                {
                    dict.Set(key, From(value));
                }

                return dict;
            case JsonArray a:
                return new PyList([.. a.Select(From)]);
            default:
                return FromValue(node.AsValue());
        }
    }

    private static object? FromValue(JsonValue value)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.String:
                return value.GetValue<string>();
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            case JsonValueKind.Number:
                if (!value.TryGetValue<System.Text.Json.JsonElement>(out _) && value.TryGetValue<double>(out var d) && !value.TryGetValue<long>(out _))
                {
                    return d;
                }

                var text = value.ToJsonString();
                return text.AsSpan().IndexOfAny('.', 'e', 'E') < 0 && long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var n)
                    ? (object)n
                    : double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
            default:
                return null;
        }
    }
}
