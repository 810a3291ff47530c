using System.Globalization;
using System.Text;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Python's methods of str, as far as templates can use them.</summary>
internal static class StringMethods
{
    public static Function? Find(string text, string name)
    {
        Func<CallArguments, object?>? body = name switch
        {
            "strip" => a => PythonText.Trim(text, Characters(a)),
            "lstrip" => a => PythonText.TrimStart(text, Characters(a)),
            "rstrip" => a => PythonText.TrimEnd(text, Characters(a)),
            "upper" => _ => text.ToUpperInvariant(),
            "lower" or "casefold" => _ => text.ToLowerInvariant(),
            "title" => _ => PythonText.Title(text),
            "capitalize" => _ => PythonText.Capitalize(text),
            "swapcase" => _ => PythonText.SwapCase(text),
            "split" => a => Split(text, a, fromRight: false),
            "rsplit" => a => Split(text, a, fromRight: true),
            "splitlines" => a => new PyList([.. PythonText.SplitLines(text, Py.IsTrue(a.Get(0, "keepends", false)))]),
            "startswith" => a => Affix(text, a, "startswith", static (t, s) => t.StartsWith(s, StringComparison.Ordinal)),
            "endswith" => a => Affix(text, a, "endswith", static (t, s) => t.EndsWith(s, StringComparison.Ordinal)),
            "removeprefix" => a => Part(a, "removeprefix") is var p && p.Length > 0 && text.StartsWith(p, StringComparison.Ordinal) ? text[p.Length..] : text,
            "removesuffix" => a => Part(a, "removesuffix") is var p && p.Length > 0 && text.EndsWith(p, StringComparison.Ordinal) ? text[..^p.Length] : text,
            "replace" => a => Replace(text, Part(a, "replace"), Py.Text(a.Require(1, "new", "replace"), "replace"), a.Get(2, "count", -1L)),
            "find" => a => Find(text, a, fromRight: false, "find"),
            "rfind" => a => Find(text, a, fromRight: true, "rfind"),
            "index" => a => Found(Find(text, a, fromRight: false, "index")),
            "rindex" => a => Found(Find(text, a, fromRight: true, "rindex")),
            "count" => a => Count(text, Part(a, "count")),
            "join" => a => Join(text, a.Require(0, "iterable", "join")),
            "partition" => a => Partition(text, Part(a, "partition"), fromRight: false),
            "rpartition" => a => Partition(text, Part(a, "rpartition"), fromRight: true),
            "isdigit" => _ => PythonText.All(text, r => Rune.IsDigit(r) || (Rune.GetUnicodeCategory(r) == UnicodeCategory.OtherNumber && Rune.GetNumericValue(r) is >= 0 and <= 9)),
            "isdecimal" => _ => PythonText.All(text, Rune.IsDigit),
            "isnumeric" => _ => PythonText.All(text, Rune.IsNumber),
            "isalpha" => _ => PythonText.All(text, Rune.IsLetter),
            "isalnum" => _ => PythonText.All(text, r => Rune.IsLetter(r) || Rune.IsNumber(r)),
            "isspace" => _ => text.Length > 0 && text.All(PythonText.IsSpace),
            "isupper" => _ => PythonText.IsUpper(text),
            "islower" => _ => PythonText.IsLower(text),
            "isascii" => _ => Ascii.IsValid(text),
            "istitle" => _ => text.Length > 0 && PythonText.Title(text) == text && text.EnumerateRunes().Any(PythonText.IsCased),
            "isidentifier" => _ => text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => c == '_' || char.IsLetterOrDigit(c)),
            "zfill" => a => ZeroFill(text, Py.ToLong(a.Require(0, "width", "zfill"))),
            "ljust" => a => Pad(text, a, "ljust", 0),
            "rjust" => a => Pad(text, a, "rjust", 1),
            "center" => a => Pad(text, a, "center", 2),
            "expandtabs" => a => ExpandTabs(text, Py.ToLong(a.Get(0, "tabsize", 8L))),
            "format" => a => BraceFormat.Format(text, a),
            "format_map" => a => BraceFormat.Format(text, new CallArguments([], a.Require(0, "mapping", "format_map") is PyDict d
                ? [.. d.Items.Select(i => new KeyValuePair<string, object?>(Py.Str(i.Key), i.Value))]
                : throw JinjaException.Type("format_map() argument must be a mapping"))),
            _ => null,
        };
        return body is null ? null : new Function(name, body);
    }

    public static string Join(string separator, object? items)
    {
        var result = new StringBuilder();
        var i = 0;
        foreach (var item in Py.Iterate(items, "can only join an iterable"))
        {
            result.Append(i > 0 ? separator : string.Empty);
            result.Append(item as string ?? throw JinjaException.Type($"sequence item {i}: expected str instance, {Py.TypeName(item)} found"));
            i++;
            if (result.Length > Py.MaxSize)
            {
                throw JinjaException.Limit($"the template made a string of more than {Py.MaxSize} characters");
            }
        }

        return result.ToString();
    }

    public static string Replace(string text, string old, string with, object? count)
    {
        var most = count is null ? -1 : Py.ToLong(count);
        var result = new StringBuilder();
        if (old.Length == 0)
        {
            var points = PythonText.CodePoints(text);
            for (var i = 0; i <= points.Count; i++)
            {
                result.Append(most < 0 || i < most ? with : string.Empty).Append(i < points.Count ? points[i] : string.Empty);
                Check(result);
            }

            return result.ToString();
        }

        var start = 0;
        for (long n = 0; n != most; n++)
        {
            var at = text.IndexOf(old, start, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            result.Append(text, start, at - start).Append(with);
            start = at + old.Length;
            Check(result);
        }

        return result.Append(text, start, text.Length - start).ToString();
    }

    public static string Center(string text, long width)
    {
        var missing = Missing(text, width);
        var left = (int)((missing / 2) + (missing & width & 1));
        return new string(' ', left) + text + new string(' ', missing - left);
    }

    private static void Check(StringBuilder text)
    {
        if (text.Length > Py.MaxSize)
        {
            throw JinjaException.Limit($"the template made a string of more than {Py.MaxSize} characters");
        }
    }

    private static string? Characters(CallArguments a) => a.Get(0, "chars") is { } chars ? Py.Text(chars, "strip") : null;

    private static string Part(CallArguments a, string function) => Py.Text(a.Require(0, "sub", function), function);

    private static PyList Split(string text, CallArguments a, bool fromRight)
    {
        var most = Py.ToLong(a.Get(1, "maxsplit", -1L));
        var separator = a.Get(0, "sep");
        var parts = separator is null
            ? (fromRight ? SplitSpaceFromRight(text, most) : SplitSpace(text, most))
            : SplitBy(text, Py.Text(separator, "split"), most, fromRight);
        return new PyList(parts);
    }

    private static List<object?> SplitSpace(string text, long most)
    {
        var parts = new List<object?>();
        var i = 0;
        while (true)
        {
            while (i < text.Length && PythonText.IsSpace(text[i]))
            {
                i++;
            }

            if (i >= text.Length)
            {
                return parts;
            }

            if (most >= 0 && parts.Count >= most)
            {
                parts.Add(PythonText.TrimEnd(text[i..]));
                return parts;
            }

            var start = i;
            while (i < text.Length && !PythonText.IsSpace(text[i]))
            {
                i++;
            }

            parts.Add(text[start..i]);
        }
    }

    private static List<object?> SplitSpaceFromRight(string text, long most)
    {
        var parts = new List<object?>();
        var i = text.Length;
        while (true)
        {
            while (i > 0 && PythonText.IsSpace(text[i - 1]))
            {
                i--;
            }

            if (i == 0)
            {
                break;
            }

            if (most >= 0 && parts.Count >= most)
            {
                parts.Add(PythonText.TrimStart(text[..i]));
                break;
            }

            var end = i;
            while (i > 0 && !PythonText.IsSpace(text[i - 1]))
            {
                i--;
            }

            parts.Add(text[i..end]);
        }

        parts.Reverse();
        return parts;
    }

    private static List<object?> SplitBy(string text, string separator, long most, bool fromRight)
    {
        if (separator.Length == 0)
        {
            throw JinjaException.Value("empty separator");
        }

        var parts = new List<object?>();
        if (fromRight)
        {
            var end = text.Length;
            while (most < 0 || parts.Count < most)
            {
                var at = end < separator.Length ? -1 : text.LastIndexOf(separator, end - 1, end, StringComparison.Ordinal);
                if (at < 0)
                {
                    break;
                }

                parts.Add(text[(at + separator.Length)..end]);
                end = at;
            }

            parts.Add(text[..end]);
            parts.Reverse();
            return parts;
        }

        var start = 0;
        while (most < 0 || parts.Count < most)
        {
            var at = text.IndexOf(separator, start, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            parts.Add(text[start..at]);
            start = at + separator.Length;
        }

        parts.Add(text[start..]);
        return parts;
    }

    private static bool Affix(string text, CallArguments a, string function, Func<string, string, bool> test)
    {
        var wanted = a.Require(0, "prefix", function);
        if (a.Positional.Length > 1)
        {
            text = (string)Members.Slice(text, a.Positional[1], a.Positional.Length > 2 ? a.Positional[2] : null, null)!;
        }

        return wanted switch
        {
            PyTuple tuple => tuple.Items.Any(i => test(text, Py.Text(i, function))),
            string s => test(text, s),
            Undefined u => throw u.Fail(),
            _ => throw JinjaException.Type($"{function} first arg must be str or a tuple of str, not {Py.TypeName(wanted)}"),
        };
    }

    private static long Find(string text, CallArguments a, bool fromRight, string function)
    {
        var part = Part(a, function);
        var from = 0;
        var section = text;
        if (a.Positional.Length > 1)
        {
            var count = PythonText.Length(text);
            var start = a.Positional[1] is null ? 0 : Py.ToLong(a.Positional[1]);
            from = (int)Math.Clamp(start < 0 ? start + count : start, 0, int.MaxValue);
            if (from > count)
            {
                return -1;
            }

            section = (string)Members.Slice(text, a.Positional[1], a.Positional.Length > 2 ? a.Positional[2] : null, null)!;
        }

        var at = fromRight ? section.LastIndexOf(part, StringComparison.Ordinal) : section.IndexOf(part, StringComparison.Ordinal);
        return at < 0 ? -1 : from + PythonText.Length(section.AsSpan(0, at));
    }

    private static long Found(long at) => at >= 0 ? at : throw JinjaException.Value("substring not found");

    private static long Count(string text, string part)
    {
        if (part.Length == 0)
        {
            return PythonText.Length(text) + 1;
        }

        long n = 0;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + part.Length, StringComparison.Ordinal))
        {
            n++;
        }

        return n;
    }

    private static PyTuple Partition(string text, string separator, bool fromRight)
    {
        if (separator.Length == 0)
        {
            throw JinjaException.Value("empty separator");
        }

        var at = fromRight ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return at >= 0 ? new PyTuple([text[..at], separator, text[(at + separator.Length)..]])
            : fromRight ? new PyTuple([string.Empty, string.Empty, text]) : new PyTuple([text, string.Empty, string.Empty]);
    }

    private static int Missing(string text, long width)
    {
        if (width > Py.MaxSize)
        {
            throw JinjaException.Limit($"the template made a string of more than {Py.MaxSize} characters");
        }

        return (int)Math.Max(0, width - PythonText.Length(text));
    }

    private static string ZeroFill(string text, long width)
    {
        var zeros = new string('0', Missing(text, width));
        return text.Length > 0 && text[0] is '+' or '-' ? text[0] + zeros + text[1..] : zeros + text;
    }

    private static string Pad(string text, CallArguments a, string function, int side)
    {
        var width = Py.ToLong(a.Require(0, "width", function));
        var fill = Py.Text(a.Get(1, "fillchar", " "), function);
        if (PythonText.Length(fill) != 1)
        {
            throw JinjaException.Type("The fill character must be exactly one character long");
        }

        var missing = Missing(text, width);
        var left = side switch { 0 => 0, 1 => missing, _ => (int)((missing / 2) + (missing & width & 1)) };
        return string.Concat(Enumerable.Repeat(fill, left)) + text + string.Concat(Enumerable.Repeat(fill, missing - left));
    }

    private static string ExpandTabs(string text, long size)
    {
        var result = new StringBuilder();
        long column = 0;
        foreach (var c in text)
        {
            if (c == '\t')
            {
                var n = size <= 0 ? 0 : size - (column % size);
                result.Append(' ', (int)Math.Min(n, Py.MaxSize));
                column += n;
                Check(result);
            }
            else
            {
                result.Append(c);
                column = c is '\n' or '\r' ? 0 : column + 1;
            }
        }

        return result.ToString();
    }
}
