using System.Globalization;
using System.Text;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Python's "..." % values.</summary>
internal static class PrintfFormat
{
    public static string Format(string format, object? values)
    {
        var result = new StringBuilder();
        var items = values is PyTuple tuple ? tuple.Items : [values];
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                result.Append(format[i]);
                continue;
            }

            if (++i >= format.Length)
            {
                throw JinjaException.Value("incomplete format");
            }

            string? key = null;
            if (format[i] == '(')
            {
                var close = format.IndexOf(')', i);
                if (close < 0)
                {
                    throw JinjaException.Value("incomplete format key");
                }

                key = format[(i + 1)..close];
                i = close + 1;
            }

            var flags = string.Empty;
            for (; i < format.Length && "#0- +".Contains(format[i], StringComparison.Ordinal); i++)
            {
                flags += format[i];
            }

            var width = Number(format, ref i, Next);
            var precision = -1;
            if (i < format.Length && format[i] == '.')
            {
                i++;
                precision = Math.Max(0, Number(format, ref i, Next));
            }

            for (; i < format.Length && format[i] is 'l' or 'h' or 'L'; i++)
            {
            }

            if (i >= format.Length)
            {
                throw JinjaException.Value("incomplete format");
            }

            if (format[i] == '%')
            {
                result.Append('%');
                continue;
            }

            result.Append(One(format[i], key is null ? Next() : Keyed(values, key), flags, width, precision));
            Py.CheckSize(result.Length > Py.MaxSize ? result.ToString() : string.Empty);
        }

        if (next < items.Length && values is not (PyDict or PyList or PyRange or Undefined))
        {
            throw JinjaException.Type("not all arguments converted during string formatting");
        }

        return result.ToString();

        object? Next() => next < items.Length ? items[next++] : throw JinjaException.Type("not enough arguments for format string");
    }

    private static object? Keyed(object? values, string key) => values is PyDict dict
        ? (dict.TryGet(key, out var value) ? value : throw new JinjaException("KeyError", $"'{key}'"))
        : throw JinjaException.Type("format requires a mapping");

    private static int Number(string format, ref int i, Func<object?> next)
    {
        if (i < format.Length && format[i] == '*')
        {
            i++;
            return Bounded(Py.ToLong(next()));
        }

        long n = 0;
        for (; i < format.Length && char.IsAsciiDigit(format[i]); i++)
        {
            n = Bounded((n * 10) + (format[i] - '0'));
        }

        return (int)n;
    }

    private static int Bounded(long n) => n <= 1_000_000 ? (int)n : throw JinjaException.Limit("a format's width or precision is over 1,000,000");

    private static string One(char type, object? value, string flags, int width, int precision)
    {
        if (value is Undefined u && type is not ('s' or 'r' or 'a'))
        {
            throw u.Fail();
        }

        string body;
        var numeric = true;
        switch (type)
        {
            case 's' or 'r' or 'a':
                body = type == 's' ? Py.Str(value) : Py.Repr(value);
                body = precision >= 0 && precision < body.Length ? body[..precision] : body;
                numeric = false;
                break;
            case 'c':
                body = value is string s ? s : char.ConvertFromUtf32((int)Py.ToLong(value));
                numeric = false;
                break;
            case 'd' or 'i' or 'u':
                var n = value is double d ? (long)Math.Truncate(d) : Py.IsNumber(value) ? Py.ToLong(value)
                    : throw JinjaException.Type($"%{type} format: a real number is required, not {Py.TypeName(value)}");
                body = Math.Abs(n).ToString(CultureInfo.InvariantCulture).PadLeft(Math.Max(0, precision), '0');
                body = Sign(n < 0, flags) + body;
                break;
            case 'x' or 'X' or 'o':
                var m = Py.IsNumber(value) && value is not double ? Py.ToLong(value)
                    : throw JinjaException.Type($"%{type} format: an integer is required, not {Py.TypeName(value)}");
                body = type == 'o' ? Convert.ToString(Math.Abs(m), 8) : Math.Abs(m).ToString(type == 'x' ? "x" : "X", CultureInfo.InvariantCulture);
                body = Sign(m < 0, flags) + (flags.Contains('#', StringComparison.Ordinal) ? "0" + type : string.Empty) + body;
                break;
            case 'f' or 'F' or 'e' or 'E' or 'g' or 'G':
                var real = Py.IsNumber(value) ? Py.ToDouble(value) : throw JinjaException.Type($"must be real number, not {Py.TypeName(value)}");
                body = Sign(double.IsNegative(real), flags) + FloatFormat.Format(Math.Abs(real), type, precision < 0 ? 6 : precision);
                break;
            default:
                throw JinjaException.Value($"unsupported format character '{type}'");
        }

        if (flags.Contains('-', StringComparison.Ordinal))
        {
            return body.PadRight(width);
        }

        if (numeric && flags.Contains('0', StringComparison.Ordinal))
        {
            var signed = body.Length > 0 && body[0] is '-' or '+' or ' ' ? 1 : 0;
            return body[..signed] + body[signed..].PadLeft(width - signed, '0');
        }

        return body.PadLeft(width);
    }

    private static string Sign(bool negative, string flags) =>
        negative ? "-" : flags.Contains('+', StringComparison.Ordinal) ? "+" : flags.Contains(' ', StringComparison.Ordinal) ? " " : string.Empty;
}

/// <summary>Floats in the forms f, e and g.</summary>
internal static class FloatFormat
{
    public static string Format(double value, char type, int precision)
    {
        if (double.IsNaN(value) || double.IsInfinity(value))
        {
            var text = double.IsNaN(value) ? "nan" : "inf";
            return char.IsUpper(type) ? text.ToUpperInvariant() : text;
        }

        switch (char.ToLowerInvariant(type))
        {
            case 'f':
                return value.ToString("F" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            case 'e':
                return Exponent(value, precision, type);
            default:
                precision = Math.Max(1, precision);
                var e = Exponent(value, precision - 1, 'e');
                var exponent = value == 0 ? 0 : int.Parse(e[(e.IndexOf('e', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture);
                if (exponent < -4 || exponent >= precision)
                {
                    var mantissa = e[..e.IndexOf('e', StringComparison.Ordinal)];
                    mantissa = mantissa.Contains('.', StringComparison.Ordinal) ? mantissa.TrimEnd('0').TrimEnd('.') : mantissa;
                    var tail = e[e.IndexOf('e', StringComparison.Ordinal)..];
                    return mantissa + (type == 'G' ? tail.ToUpperInvariant() : tail);
                }

                var text = value.ToString("F" + (precision - 1 - exponent).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
                return text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
        }
    }

    private static string Exponent(double value, int precision, char type)
    {
        var digits = precision == 0 ? "0" : "0." + new string('0', precision);
        return value.ToString(digits + (char.IsUpper(type) ? "E+00" : "e+00"), CultureInfo.InvariantCulture);
    }
}
