using System.Globalization;
using System.Text;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Python's operations on template values: truth, equality, order, text, arithmetic.</summary>
internal static class Py
{
    /// <summary>Longest string or list that one operation may make, in UTF-16 units or items.</summary>
    public const int MaxSize = 16 * 1024 * 1024;

    private const int MaxDepth = 200;

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool b => b,
        long n => n != 0,
        double d => d != 0,
        string s => s.Length > 0,
        Markup m => m.Text.Length > 0,
        PyList l => l.Items.Count > 0,
        PyTuple t => t.Items.Length > 0,
        PyDict d => d.Count > 0,
        PyRange r => r.Count > 0,
        PyView v => v.Items.Count > 0,
        _ => true,
    };

    public static bool IsNumber(object? value) => value is bool or long or double;

    public static string TypeName(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        long => "int",
        double => "float",
        string => "str",
        PyList => "list",
        PyTuple => "tuple",
        PyDict => "dict",
        PyRange => "range",
        PyGenerator => "generator",
        PyView v => v.Kind,
        Undefined => "Undefined",
        Namespace => "Namespace",
        Macro => "Macro",
        Markup => "Markup",
        Function => "function",
        LoopContext => "LoopContext",
        _ => value.GetType().Name,
    };

    /// <summary>How Jinja2 names an object in an error.</summary>
    public static string ObjectRepr(object? value) => value switch
    {
        null => "None",
        Undefined => "Undefined",
        _ => $"'{TypeName(value)} object'",
    };

    public static bool AreEqual(object? a, object? b)
    {
        (a, b) = (Markup.Unwrap(a), Markup.Unwrap(b));
        if (ReferenceEquals(a, b))
        {
            return a is not double.NaN;
        }

        if (IsNumber(a) && IsNumber(b))
        {
            return a is double || b is double ? ToDouble(a) == ToDouble(b) : ToLong(a) == ToLong(b);
        }

        return (a, b) switch
        {
            (string x, string y) => string.Equals(x, y, StringComparison.Ordinal),
            (PyList x, PyList y) => SequenceEqual(x.Items, y.Items),
            (PyTuple x, PyTuple y) => SequenceEqual(x.Items, y.Items),
            (PyDict x, PyDict y) => x.Count == y.Count && x.Items.All(i => y.TryGet(i.Key, out var v) && AreEqual(i.Value, v)),
            (PyRange x, PyRange y) => x.Count == y.Count && (x.Count == 0 || (x.Start == y.Start && (x.Count == 1 || x.Step == y.Step))),
            (Undefined, Undefined) => true,
            _ => false,
        };
    }

    /// <summary>Order of two values; throws where Python has none.</summary>
    public static int Compare(object? a, object? b, string op)
    {
        (a, b) = (Markup.Unwrap(a), Markup.Unwrap(b));
        if (a is Undefined ua)
        {
            throw ua.Fail();
        }

        if (b is Undefined ub)
        {
            throw ub.Fail();
        }

        if (IsNumber(a) && IsNumber(b))
        {
            return a is double || b is double ? ToDouble(a).CompareTo(ToDouble(b)) : ToLong(a).CompareTo(ToLong(b));
        }

        return (a, b) switch
        {
            (string x, string y) => CompareCodePoints(x, y),
            (PyList x, PyList y) => CompareSequences(x.Items, y.Items, op),
            (PyTuple x, PyTuple y) => CompareSequences(x.Items, y.Items, op),
            _ => throw JinjaException.Type($"'{op}' not supported between instances of '{TypeName(a)}' and '{TypeName(b)}'"),
        };
    }

    public static bool Contains(object? container, object? item)
    {
        (container, item) = (Markup.Unwrap(container), Markup.Unwrap(item));
        switch (container)
        {
            case string text:
                return item is string part ? text.Contains(part, StringComparison.Ordinal)
                    : item is Undefined u ? throw JinjaException.Type("'in <string>' requires string as left operand, not Undefined")
                    : throw JinjaException.Type($"'in <string>' requires string as left operand, not {TypeName(item)}");
            case PyDict dict:
                return dict.TryGet(item, out _);
            default:
                return Iterate(container, "argument of type '{0}' is not iterable").Any(x => AreEqual(x, item));
        }
    }

    /// <summary>The items of anything that Python can iterate over.</summary>
    public static IEnumerable<object?> Iterate(object? value, string error = "'{0}' object is not iterable") => value switch
    {
        PyList l => l.Items,
        PyTuple t => t.Items,
        PyDict d => d.Items.Select(i => i.Key),
        string s => PythonText.CodePoints(s),
        Markup m => PythonText.CodePoints(m.Text),
        PyRange r => r.Walk(),
        PyView v => v.Items,
        PyGenerator g => g.Walk(),
        Undefined => [],
        LoopContext c => throw JinjaException.Type($"'{TypeName(c)}' object is not iterable"),
        _ => throw JinjaException.Type(string.Format(CultureInfo.InvariantCulture, error, TypeName(value))),
    };

    public static long Length(object? value) => value switch
    {
        string s => PythonText.Length(s),
        Markup m => PythonText.Length(m.Text),
        PyList l => l.Items.Count,
        PyTuple t => t.Items.Length,
        PyDict d => d.Count,
        PyRange r => r.Count,
        PyView v => v.Items.Count,
        Undefined => 0,
        _ => throw JinjaException.Type($"object of type '{TypeName(value)}' has no len()"),
    };

    /// <summary>str(value).</summary>
    public static string Str(object? value) => value switch
    {
        string s => s,
        Markup m => m.Text,
        Undefined => string.Empty,
        _ => Repr(value),
    };

    /// <summary>repr(value).</summary>
    public static string Repr(object? value)
    {
        var text = new StringBuilder();
        Repr(value, text, 0);
        return text.ToString();
    }

    public static long ToLong(object? value) => value switch
    {
        long n => n,
        bool b => b ? 1 : 0,
        Undefined u => throw u.Fail(),
        _ => throw JinjaException.Type($"'{TypeName(value)}' object cannot be interpreted as an integer"),
    };

    public static double ToDouble(object? value) => value switch
    {
        double d => d,
        _ => ToLong(value),
    };

    public static string Text(object? value, string function) => value switch
    {
        string s => s,
        Markup m => m.Text,
        Undefined u => throw u.Fail(),
        _ => throw JinjaException.Type($"{function} argument must be str, not {TypeName(value)}"),
    };

    public static string CheckSize(string text) =>
        text.Length <= MaxSize ? text : throw JinjaException.Limit($"the template made a string of more than {MaxSize} characters");

    public static object? Hashable(object? value) =>
        value is Markup m ? m.Text : value is PyList or PyDict ? throw JinjaException.Type($"unhashable type: '{TypeName(value)}'") : value;

    private static bool SequenceEqual(IReadOnlyList<object?> a, IReadOnlyList<object?> b)
    {
        if (a.Count != b.Count)
        {
            return false;
        }

        for (var i = 0; i < a.Count; i++)
        {
            if (!AreEqual(a[i], b[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static int CompareSequences(IReadOnlyList<object?> a, IReadOnlyList<object?> b, string op)
    {
        for (var i = 0; i < Math.Min(a.Count, b.Count); i++)
        {
            if (!AreEqual(a[i], b[i]))
            {
                return Compare(a[i], b[i], op);
            }
        }

        return a.Count.CompareTo(b.Count);
    }

    private static int CompareCodePoints(string a, string b)
    {
        for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            if (a[i] != b[i])
            {
                // Surrogates sort above the rest of the basic plane in code-point order.
                var x = char.IsSurrogate(a[i]) ? a[i] + 0x10000 : a[i];
                var y = char.IsSurrogate(b[i]) ? b[i] + 0x10000 : b[i];
                return x.CompareTo(y);
            }
        }

        return a.Length.CompareTo(b.Length);
    }

    private static void Repr(object? value, StringBuilder text, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new JinjaException("RecursionError", "maximum recursion depth exceeded while getting the repr of an object");
        }

        if (text.Length > MaxSize)
        {
            throw JinjaException.Limit($"the template made a string of more than {MaxSize} characters");
        }

        switch (value)
        {
            case null:
                text.Append("None");
                break;
            case bool b:
                text.Append(b ? "True" : "False");
                break;
            case long n:
                text.Append(n.ToString(CultureInfo.InvariantCulture));
                break;
            case double d:
                text.Append(PythonFloat.Repr(d));
                break;
            case string s:
                QuoteText(s, text);
                break;
            case Markup m:
                text.Append("Markup(");
                QuoteText(m.Text, text);
                text.Append(')');
                break;
            case PyList l:
                ReprItems('[', l.Items, ']', text, depth);
                break;
            case PyTuple t:
                ReprItems('(', t.Items, ')', text, depth);
                if (t.Items.Length == 1)
                {
                    text.Insert(text.Length - 1, ',');
                }

                break;
            case PyDict d:
                text.Append('{');
                var first = true;
                foreach (var (k, v) in d.Items)
                {
                    text.Append(first ? string.Empty : ", ");
                    first = false;
                    Repr(k, text, depth + 1);
                    text.Append(": ");
                    Repr(v, text, depth + 1);
                }

                text.Append('}');
                break;
            case PyRange r:
                text.Append(CultureInfo.InvariantCulture, $"range({r.Start}, {r.Stop}").Append(r.Step == 1 ? ")" : $", {r.Step.ToString(CultureInfo.InvariantCulture)})");
                break;
            case PyView v:
                text.Append(v.Kind).Append('(');
                ReprItems('[', v.Items, ']', text, depth);
                text.Append(')');
                break;
            case Namespace ns:
                text.Append("<Namespace {");
                text.AppendJoin(", ", ns.Values.Select(p => Repr(p.Key) + ": " + Repr(p.Value)));
                text.Append("}>");
                break;
            case Macro m:
                text.Append("<Macro ").Append(Repr(m.Name)).Append('>');
                break;
            case LoopContext loop:
                text.Append(CultureInfo.InvariantCulture, $"<LoopContext {loop.Attribute("index")}/{loop.Attribute("length")}>");
                break;
            case Undefined:
                text.Append("Undefined");
                break;
            case Function f:
                text.Append("<built-in function ").Append(f.Name).Append('>');
                break;
            default:
                text.Append('<').Append(TypeName(value)).Append(" object>");
                break;
        }
    }

    private static void ReprItems(char open, IEnumerable<object?> items, char close, StringBuilder text, int depth)
    {
        text.Append(open);
        var first = true;
        foreach (var item in items)
        {
            text.Append(first ? string.Empty : ", ");
            first = false;
            Repr(item, text, depth + 1);
        }

        text.Append(close);
    }

    private static void QuoteText(string s, StringBuilder text)
    {
        var quote = s.Contains('\'', StringComparison.Ordinal) && !s.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        text.Append(quote);
        foreach (var rune in s.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '\n': text.Append("\\n"); break;
                case '\t': text.Append("\\t"); break;
                case '\r': text.Append("\\r"); break;
                case '\\': text.Append("\\\\"); break;
                case var c when c == quote: text.Append('\\').Append(quote); break;
                case var c when IsPrintable(rune): text.Append(rune.ToString()); break;
                case < 0x100: text.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"); break;
                case < 0x10000: text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"); break;
                default: text.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"); break;
            }
        }

        text.Append(quote);
    }

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
