using System.Globalization;
using System.Text;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Python's "...".format(...): fields by number or name with attributes, items, conversions and the common format specifications.</summary>
internal static class BraceFormat
{
    public static string Format(string format, CallArguments arguments)
    {
        var result = new StringBuilder();
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            var c = format[i];
            if (c is '{' or '}' && i + 1 < format.Length && format[i + 1] == c)
            {
                result.Append(c);
                i++;
            }
            else if (c == '{')
            {
                var close = Close(format, i);
                result.Append(Field(format[(i + 1)..close], arguments, ref next));
                Py.CheckSize(result.Length > Py.MaxSize ? result.ToString() : string.Empty);
                i = close;
            }
            else if (c == '}')
            {
                throw JinjaException.Value("Single '}' encountered in format string");
            }
            else
            {
                result.Append(c);
            }
        }

        return result.ToString();
    }

    /// <summary>format(value, specification): [[fill]align][sign][0][width][,][.precision][type].</summary>
    public static string FormatValue(object? value, string spec)
    {
        if (spec.Length == 0)
        {
            return Py.Str(value);
        }

        var i = 0;
        var fill = ' ';
        var align = '\0';
        if (spec.Length > 1 && spec[1] is '<' or '>' or '^' or '=')
        {
            fill = spec[0];
            align = spec[1];
            i = 2;
        }
        else if (spec[0] is '<' or '>' or '^' or '=')
        {
            align = spec[0];
            i = 1;
        }

        var sign = i < spec.Length && spec[i] is '+' or '-' or ' ' ? spec[i++] : '-';
        if (i < spec.Length && spec[i] == '0')
        {
            fill = align == '\0' ? '0' : fill;
            align = align == '\0' ? '=' : align;
            i++;
        }

        var width = Digits(spec, ref i);
        var group = i < spec.Length && spec[i] is ',' or '_' ? spec[i++] : '\0';
        var precision = -1;
        if (i < spec.Length && spec[i] == '.')
        {
            i++;
            precision = Digits(spec, ref i);
        }

        var type = i < spec.Length ? spec[i++] : '\0';
        if (i < spec.Length)
        {
            throw JinjaException.Value("Invalid format specifier");
        }

        var (prefix, body, numeric) = Body(value, sign, group, precision, type);
        var missing = Math.Max(0, width - PythonText.Length(prefix) - PythonText.Length(body));
        return (align == '\0' ? (numeric ? '>' : '<') : align) switch
        {
            '<' => prefix + body + new string(fill, missing),
            '>' => new string(fill, missing) + prefix + body,
            '^' => new string(fill, missing / 2) + prefix + body + new string(fill, missing - (missing / 2)),
            _ => prefix + new string(fill, missing) + body,
        };
    }

    private static (string Prefix, string Body, bool Numeric) Body(object? value, char sign, char group, int precision, char type)
    {
        if (!Py.IsNumber(value) || (value is bool && type == '\0'))
        {
            if (type is not ('\0' or 's'))
            {
                throw JinjaException.Value($"Unknown format code '{type}' for object of type '{Py.TypeName(value)}'");
            }

            var text = Py.Str(value);
            return (string.Empty, precision >= 0 && precision < text.Length ? text[..precision] : text, false);
        }

        var real = value is double || type is 'f' or 'F' or 'e' or 'E' or 'g' or 'G' or '%';
        var number = Py.ToDouble(value);
        var prefix = number < 0 ? "-" : sign == '-' ? string.Empty : sign.ToString();
        if (!real)
        {
            var n = Math.Abs(Py.ToLong(value));
            var digits = type switch
            {
                'x' => n.ToString("x", CultureInfo.InvariantCulture),
                'X' => n.ToString("X", CultureInfo.InvariantCulture),
                'o' => Convert.ToString(n, 8),
                'b' => Convert.ToString(n, 2),
                _ => group == '\0' ? n.ToString(CultureInfo.InvariantCulture) : n.ToString("N0", CultureInfo.InvariantCulture).Replace(',', group),
            };
            return (prefix, digits, true);
        }

        number = Math.Abs(number);
        var body = type switch
        {
            '\0' when precision < 0 => PythonFloat.Repr(number),
            '\0' => FloatFormat.Format(number, 'g', precision),
            '%' => FloatFormat.Format(number * 100, 'f', precision < 0 ? 6 : precision) + "%",
            _ => FloatFormat.Format(number, type, precision < 0 ? 6 : precision),
        };
        if (group != '\0')
        {
            var point = body.IndexOf('.', StringComparison.Ordinal);
            var whole = point < 0 ? body : body[..point];
            body = long.Parse(whole, CultureInfo.InvariantCulture).ToString("N0", CultureInfo.InvariantCulture).Replace(',', group) + (point < 0 ? string.Empty : body[point..]);
        }

        return (prefix, body, true);
    }

    private static int Digits(string spec, ref int i)
    {
        long n = 0;
        for (; i < spec.Length && char.IsAsciiDigit(spec[i]); i++)
        {
            n = (n * 10) + (spec[i] - '0');
            if (n > 1_000_000)
            {
                throw JinjaException.Limit("a format's width or precision is over 1,000,000");
            }
        }

        return (int)n;
    }

    private static int Close(string format, int open)
    {
        var depth = 0;
        for (var i = open; i < format.Length; i++)
        {
            depth += format[i] == '{' ? 1 : format[i] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return i;
            }
        }

        throw JinjaException.Value("Single '{' encountered in format string");
    }

    private static string Field(string field, CallArguments arguments, ref int next)
    {
        var colon = field.IndexOf(':', StringComparison.Ordinal);
        var spec = colon < 0 ? string.Empty : field[(colon + 1)..];
        var name = colon < 0 ? field : field[..colon];
        var conversion = '\0';
        if (name.Length >= 2 && name[^2] == '!')
        {
            conversion = name[^1];
            name = name[..^2];
        }

        var end = name.IndexOfAny(['.', '[']);
        var first = end < 0 ? name : name[..end];
        object? value;
        if (first.Length == 0 || first.All(char.IsAsciiDigit))
        {
            var i = first.Length == 0 ? next++ : int.Parse(first, CultureInfo.InvariantCulture);
            value = i < arguments.Positional.Length ? arguments.Positional[i]
                : throw new JinjaException("IndexError", "Replacement index " + i.ToString(CultureInfo.InvariantCulture) + " out of range for positional args tuple");
        }
        else
        {
            value = arguments.Named.Any(n => n.Key == first) ? arguments.Named.First(n => n.Key == first).Value : throw new JinjaException("KeyError", $"'{first}'");
        }

        for (var rest = end < 0 ? string.Empty : name[end..]; rest.Length > 0;)
        {
            if (rest[0] == '.')
            {
                var stop = rest.IndexOfAny(['.', '['], 1);
                value = Members.Attribute(value, stop < 0 ? rest[1..] : rest[1..stop]);
                rest = stop < 0 ? string.Empty : rest[stop..];
            }
            else
            {
                var stop = rest.IndexOf(']', StringComparison.Ordinal);
                if (stop < 0)
                {
                    throw JinjaException.Value("Missing ']' in format string");
                }

                var key = rest[1..stop];
                value = Members.Item(value, long.TryParse(key, CultureInfo.InvariantCulture, out var n) ? n : key);
                rest = rest[(stop + 1)..];
            }
        }

        value = conversion switch { '\0' => value, 's' => Py.Str(value), 'r' or 'a' => Py.Repr(value), _ => throw JinjaException.Value($"Unknown conversion specifier {conversion}") };
        return FormatValue(value, spec.Contains('{', StringComparison.Ordinal) ? Format(spec, arguments) : spec);
    }
}
