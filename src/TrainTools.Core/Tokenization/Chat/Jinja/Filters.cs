using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

internal delegate object? Filter(Scope scope, object? value, CallArguments arguments);

/// <summary>The filters of templates: text, numbers, JSON. Those on sequences are in <see cref="SequenceFilters"/>. Source: jinja2/filters.py.</summary>
internal static partial class Filters
{
    private static readonly Dictionary<string, Filter> All = new(SequenceFilters.All, StringComparer.Ordinal)
    {
        ["abs"] = (_, v, _) => v is double d ? (object)Math.Abs(d) : v is long or bool ? Math.Abs(Py.ToLong(v)) : throw JinjaException.Type($"bad operand type for abs(): '{Py.TypeName(v)}'"),
        ["attr"] = (_, v, a) => Members.Attribute(v, Py.Str(a.Require(0, "name", "attr"))) is var r && v is PyDict && !IsMethod(v, a) ? Undefined.Member(v, a.Get(0, "name")) : r,
        ["capitalize"] = (_, v, _) => Like(v, PythonText.Capitalize(Py.Str(v))),
        ["center"] = (_, v, a) => StringMethods.Center(Py.Str(v), Py.ToLong(a.Get(0, "width", 80L))),
        ["default"] = Default,
        ["d"] = Default,
        ["e"] = (_, v, _) => v as Markup ?? new Markup(Markup.Escape(Py.Str(v))),
        ["escape"] = (_, v, _) => v as Markup ?? new Markup(Markup.Escape(Py.Str(v))),
        ["forceescape"] = (_, v, _) => new Markup(Markup.Escape(Py.Str(v))),
        ["float"] = (_, v, a) => ToFloat(Markup.Unwrap(v)) ?? a.Get(0, "default", 0.0),
        ["format"] = (_, v, a) => PrintfFormat.Format(Py.Str(v), a.Named.Count > 0 ? Named(a) : new PyTuple(a.Positional)),
        ["indent"] = (_, v, a) => Like(v, Indent(v, a)),
        ["int"] = (_, v, a) => ToInteger(Markup.Unwrap(v), Py.ToLong(a.Get(1, "base", 10L))) ?? a.Get(0, "default", 0L),
        ["lower"] = (_, v, _) => Like(v, Py.Str(v).ToLowerInvariant()),
        ["upper"] = (_, v, _) => Like(v, Py.Str(v).ToUpperInvariant()),
        ["title"] = Title,
        ["trim"] = (_, v, a) => Like(v, PythonText.Trim(Py.Str(v), Markup.Unwrap(a.Get(0, "chars")) as string)),
        ["replace"] = (_, v, a) => StringMethods.Replace(Py.Str(v), Py.Str(a.Require(0, "old", "replace")), Py.Str(a.Require(1, "new", "replace")), a.Get(2, "count")),
        ["round"] = Round,
        ["safe"] = (_, v, _) => new Markup(Py.Str(v)),
        ["string"] = (_, v, _) => v is Markup ? v : Py.Str(v),
        ["striptags"] = (_, v, _) => WebUtility.HtmlDecode(Spaces().Replace(Tags().Replace(Py.Str(v), string.Empty), " ").Trim()),
        ["pprint"] = (_, v, _) => PrettyPrint(v),
        ["tojson"] = ToJson,
        ["truncate"] = Truncate,
        ["urlencode"] = (_, v, _) => UrlEncode(v),
        ["wordcount"] = (_, v, _) => (long)Words().Count(Py.Str(v)),
        ["wordwrap"] = WordWrap,
        ["filesizeformat"] = FileSize,
    };

    public static Filter? Find(string name) => All.GetValueOrDefault(name);

    public static object? ToInteger(object? value, long numberBase = 10)
    {
        switch (value)
        {
            case Undefined u:
                throw u.Fail();
            case bool or long:
                return Py.ToLong(value);
            case double d:
                return double.IsFinite(d) && Math.Abs(d) < 9e18 ? (long)Math.Truncate(d) : null;
            case string s:
                var text = PythonText.Trim(s).Replace("_", string.Empty, StringComparison.Ordinal);
                if (numberBase == 10)
                {
                    return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n
                        : ToFloat(text) is double f && double.IsFinite(f) && Math.Abs(f) < 9e18 ? (long)Math.Truncate(f) : null;
                }

                var prefix = numberBase switch { 16 => "0x", 8 => "0o", 2 => "0b", _ => "\0" };
                text = text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
                long result = 0;
                foreach (var c in text.ToLowerInvariant())
                {
                    var digit = char.IsAsciiDigit(c) ? c - '0' : c is >= 'a' and <= 'z' ? c - 'a' + 10 : 99;
                    if (digit >= numberBase || result > long.MaxValue / 40)
                    {
                        return null;
                    }

                    result = (result * numberBase) + digit;
                }

                return text.Length > 0 ? result : null;
            default:
                return null;
        }
    }

    private static object? ToFloat(object? value) => value switch
    {
        Undefined u => throw u.Fail(),
        bool or long or double => Py.ToDouble(value),
        string s when double.TryParse(PythonText.Trim(s).Replace("_", string.Empty, StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var d) => d,
        string s => PythonText.Trim(s).ToLowerInvariant() switch
        {
            "inf" or "+inf" or "infinity" => double.PositiveInfinity,
            "-inf" or "-infinity" => double.NegativeInfinity,
            "nan" => double.NaN,
            _ => null,
        },
        _ => null,
    };

    private static bool IsMethod(object? value, CallArguments a) => a.Get(0, "name") is string name && value is PyDict d && CollectionMethods.Find(d, name) is not null;

    private static object? Default(Scope scope, object? value, CallArguments a) =>
        value is Undefined || (Py.IsTrue(a.Get(1, "boolean", false)) && !Py.IsTrue(value)) ? a.Get(0, "default_value", string.Empty) : value;

    private static PyDict Named(CallArguments a)
    {
        var dict = new PyDict();
        foreach (var (key, value) in a.Named)
        {
            dict.Set(key, value);
        }

        return a.Positional.Length == 0 ? dict : throw JinjaException.Type("can't handle positional and keyword arguments at the same time");
    }

    // pprint sorts keys and breaks lines at 80 columns; only the first is done here, so a longer text is refused.
    private static string PrettyPrint(object? value)
    {
        var text = Py.Repr(SortedKeys(value));
        return text.Length <= 80 ? text : throw new JinjaException("NotSupported", "pprint of a value longer than 80 characters is not supported; use tojson");
    }

    private static object? SortedKeys(object? value) => value switch
    {
        PyDict d => d.Items.OrderBy(i => Py.Str(i.Key), StringComparer.Ordinal).Aggregate(new PyDict(), (sorted, i) =>
        {
            sorted.Set(i.Key, SortedKeys(i.Value));
            return sorted;
        }),
        PyList l => new PyList([.. l.Items.Select(SortedKeys)]),
        PyTuple t => new PyTuple([.. t.Items.Select(SortedKeys)]),
        _ => value,
    };

    private static string Text(object? value, string method) => Markup.Unwrap(value) as string
        ?? throw (value is Undefined u ? u.Fail() : new JinjaException("AttributeError", $"'{Py.TypeName(value)}' object has no attribute '{method}'"));

    // Filters that keep safe text safe.
    private static object Like(object? value, string text) => value is Markup ? new Markup(text) : text;

    private static string Indent(object? value, CallArguments a)
    {
        if (Markup.Unwrap(value) is not (string or PyList or Undefined))
        {
            throw JinjaException.Type($"unsupported operand type(s) for +=: '{Py.TypeName(value)}' and 'str'");
        }

        var text = Text(value, "splitlines") + "\n";
        var width = a.Get(0, "width", 4L);
        var indent = width as string ?? new string(' ', (int)Math.Clamp(Py.ToLong(width), 0, 1_000_000));
        var lines = PythonText.SplitLines(text);
        var blank = Py.IsTrue(a.Get(2, "blank", false));
        var result = new StringBuilder(Py.IsTrue(a.Get(1, "first", false)) ? indent : string.Empty);
        for (var i = 0; i < lines.Count; i++)
        {
            result.Append(i > 0 ? "\n" : string.Empty).Append(i > 0 && (blank || lines[i].Length > 0) ? indent : string.Empty).Append(lines[i]);
            Py.CheckSize(result.Length > Py.MaxSize ? result.ToString() : string.Empty);
        }

        return result.ToString();
    }

    private static string Title(Scope scope, object? value, CallArguments a) =>
        string.Concat(WordBreaks().Split(Py.Str(value)).Where(p => p.Length > 0).Select(p => p[..1].ToUpperInvariant() + p[1..].ToLowerInvariant()));

    private static object Round(Scope scope, object? value, CallArguments a)
    {
        var digits = (int)Py.ToLong(a.Get(0, "precision", 0L));
        var method = a.Get(1, "method", "common") as string;
        var number = value is Undefined u ? throw (method == "common" ? JinjaException.Type("type Undefined doesn't define __round__ method") : u.Fail()) : Py.ToDouble(value);
        switch (method)
        {
            case "common":
                // Python's round() keeps an int an int.
                return value is long or bool && digits >= 0 ? (object)Py.ToLong(value) : PythonFloat.Round(number, digits);
            case "ceil" or "floor":
                var scale = Math.Pow(10, digits);
                return (method == "ceil" ? Math.Ceiling(number * scale) : Math.Floor(number * scale)) / scale;
            default:
                throw new JinjaException("FilterArgumentError", "method must be common, ceil or floor");
        }
    }

    private static string ToJson(Scope scope, object? value, CallArguments a)
    {
        // The signature of transformers: tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False).
        var indent = a.Get(1, "indent") switch { null => null, string s => s, var n => new string(' ', (int)Math.Clamp(Py.ToLong(n), 0, 1000)) };
        var separators = a.Get(2, "separators") switch { null => null, PyTuple t => t.Items, PyList l => [.. l.Items], _ => throw JinjaException.Type("separators must be a pair") };
        return PythonJson.Dumps(value, Py.IsTrue(a.Get(0, "ensure_ascii", false)), indent, separators?[0] as string, separators?[1] as string, Py.IsTrue(a.Get(3, "sort_keys", false)));
    }

    private static object? Truncate(Scope scope, object? value, CallArguments a)
    {
        var length = (int)Py.ToLong(a.Get(0, "length", 255L));
        var end = Py.Str(a.Get(2, "end", "..."));
        var leeway = a.Get(3, "leeway") is { } l ? (int)Py.ToLong(l) : 5;
        if (length < PythonText.Length(end) || leeway < 0)
        {
            throw new JinjaException("AssertionError", $"expected length >= {PythonText.Length(end)}, got {length}");
        }

        if (Py.Length(value) <= (long)length + leeway)
        {
            return value;
        }

        var points = PythonText.CodePoints(Text(value, "rsplit"));
        var cut = string.Concat(points.Take(length - PythonText.Length(end)));
        if (!Py.IsTrue(a.Get(1, "killwords", false)))
        {
            var space = cut.LastIndexOf(' ');
            cut = space < 0 ? cut : cut[..space];
        }

        return cut + end;
    }

    private static string UrlEncode(object? value)
    {
        if (value is string or not (PyDict or PyList or PyTuple or PyView))
        {
            return Quote(Py.Str(value), "/");
        }

        var pairs = value is PyDict d ? d.Items.Select(i => (i.Key, i.Value))
            : Py.Iterate(value).Select(p => p is PyTuple { Items.Length: 2 } t ? (t.Items[0], t.Items[1]) : throw JinjaException.Value("not enough values to unpack (expected 2)"));
        return string.Join('&', pairs.Select(p => $"{Quote(Py.Str(p.Item1), " ")}={Quote(Py.Str(p.Item2), " ")}".Replace(' ', '+')));
    }

    private static string Quote(string text, string safe)
    {
        var result = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            var c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || "_.-~".Contains(c, StringComparison.Ordinal) || safe.Contains(c, StringComparison.Ordinal))
            {
                result.Append(c);
            }
            else
            {
                result.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
            }
        }

        return result.ToString();
    }

    private static string WordWrap(Scope scope, object? value, CallArguments a)
    {
        var width = (int)Py.ToLong(a.Get(0, "width", 79L));
        var breakLong = Py.IsTrue(a.Get(1, "break_long_words", true));
        var separator = a.Get(2, "wrapstring") as string ?? "\n";
        var lines = new List<string>();
        foreach (var line in PythonText.SplitLines(Text(value, "splitlines")))
        {
            var current = string.Empty;
            var start = lines.Count;
            foreach (var word in Words2().Matches(line).Select(m => m.Value))
            {
                var rest = word;
                if (current.Length + rest.TrimEnd().Length > width && current.Length > 0)
                {
                    lines.Add(current.TrimEnd());
                    current = string.Empty;
                    rest = rest.TrimStart();
                }

                while (breakLong && width > 0 && rest.Length > width)
                {
                    lines.Add(rest[..width]);
                    rest = rest[width..];
                }

                current += rest;
            }

            if (current.Length > 0 || lines.Count == start)
            {
                lines.Add(current.TrimEnd());
            }
        }

        return string.Join(separator, lines);
    }

    private static string FileSize(Scope scope, object? value, CallArguments a)
    {
        var bytes = Markup.Unwrap(value) is string s ? ToFloat(s) as double? ?? throw JinjaException.Value($"could not convert string to float: {Py.Repr(s)}") : Py.ToDouble(value);
        var binary = Py.IsTrue(a.Get(0, "binary", false));
        var unit = binary ? 1024.0 : 1000.0;
        if (bytes == 1)
        {
            return "1 Byte";
        }

        if (bytes < unit)
        {
            return $"{((long)bytes).ToString(CultureInfo.InvariantCulture)} Bytes";
        }

        string[] names = binary ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"] : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
        var i = 0;
        var scale = unit;
        while (i < names.Length - 1 && bytes >= scale * unit)
        {
            scale *= unit;
            i++;
        }

        return $"{(bytes / scale).ToString("F1", CultureInfo.InvariantCulture)} {names[i]}";
    }

    [GeneratedRegex(@"<!--.*?-->|<[^>]*>", RegexOptions.Singleline)]
    private static partial Regex Tags();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Words();

    [GeneratedRegex(@"\s*\S+")]
    private static partial Regex Words2();

    [GeneratedRegex(@"([-\s({\[<]+)")]
    private static partial Regex WordBreaks();
}
