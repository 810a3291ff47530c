namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Python's arithmetic on template values. Integers have 64 bits: what does not fit is an error.</summary>
internal static class Arithmetic
{
    public static object? Unary(string op, object? value)
    {
        if (value is Undefined u)
        {
            throw u.Fail();
        }

        return value switch
        {
            bool or long when op == "-" => (object)Checked(() => checked(-Py.ToLong(value))),
            bool or long => Py.ToLong(value),
            double d => op == "-" ? -d : d,
            _ => throw JinjaException.Type($"bad operand type for unary {op}: '{Py.TypeName(value)}'"),
        };
    }

    public static object? Binary(string op, object? a, object? b)
    {
        if (a is Undefined ua)
        {
            throw ua.Fail();
        }

        if (b is Undefined ub && !(op == "%" && a is string))
        {
            throw ub.Fail();
        }

        if (a is Markup || b is Markup)
        {
            return Markup.Binary(op, a, b);
        }

        if (Py.IsNumber(a) && Py.IsNumber(b))
        {
            return a is double || b is double ? Real(op, Py.ToDouble(a), Py.ToDouble(b)) : Integer(op, Py.ToLong(a), Py.ToLong(b));
        }

        switch (op)
        {
            case "+" when a is string x && b is string y:
                return Py.CheckSize(x + y);
            case "+" when a is string:
                throw JinjaException.Type($"can only concatenate str (not \"{Py.TypeName(b)}\") to str");
            case "+" when a is PyList x && b is PyList y:
                return new PyList([.. x.Items, .. y.Items]);
            case "+" when a is PyTuple x && b is PyTuple y:
                return new PyTuple([.. x.Items, .. y.Items]);
            case "*" when b is long or bool && a is string or PyList or PyTuple:
                return Repeat(a!, Py.ToLong(b));
            case "*" when a is long or bool && b is string or PyList or PyTuple:
                return Repeat(b!, Py.ToLong(a));
            case "%" when a is string format:
                return PrintfFormat.Format(format, b);
            default:
                var name = op == "**" ? "** or pow()" : op;
                throw JinjaException.Type($"unsupported operand type(s) for {name}: '{Py.TypeName(a)}' and '{Py.TypeName(b)}'");
        }
    }

    private static object Repeat(object value, long count)
    {
        count = Math.Max(0, count);
        long size = value switch
        {
            string s => s.Length,
            PyList l => l.Items.Count,
            PyTuple t => t.Items.Length,
            _ => 0,
        };
        if (size > 0 && count > Py.MaxSize / size)
        {
            throw JinjaException.Limit($"the template made a value of more than {Py.MaxSize} items");
        }

        count = size == 0 ? 0 : count;
        return value switch
        {
            string s => string.Concat(Enumerable.Repeat(s, (int)count)),
            PyList l => new PyList([.. Enumerable.Repeat(l.Items, (int)count).SelectMany(x => x)]),
            PyTuple t => new PyTuple([.. Enumerable.Repeat(t.Items, (int)count).SelectMany(x => x)]),
            _ => value,
        };
    }

    private static object Integer(string op, long a, long b) => op switch
    {
        "+" => (object)Checked(() => checked(a + b)),
        "-" => Checked(() => checked(a - b)),
        "*" => Checked(() => checked(a * b)),
        "/" => b == 0 ? throw DivisionByZero("division by zero") : (object)((double)a / b),
        "//" => b == 0 ? throw DivisionByZero("integer division or modulo by zero") : (object)FloorDivide(a, b),
        "%" => b == 0 ? throw DivisionByZero("integer modulo by zero") : (object)(a - (FloorDivide(a, b) * b)),
        _ => b < 0 ? (a == 0 ? throw DivisionByZero("0.0 cannot be raised to a negative power") : (object)Math.Pow(a, b)) : Power(a, b),
    };

    private static long FloorDivide(long a, long b)
    {
        if (b == -1)
        {
            return Checked(() => checked(-a));
        }

        var q = a / b;
        return (a % b != 0) && ((a < 0) != (b < 0)) ? q - 1 : q;
    }

    private static long Power(long a, long b) => Checked(() =>
    {
        long result = 1;
        var power = a;
        for (var n = b; n > 0; n >>= 1)
        {
            if ((n & 1) != 0)
            {
                result = checked(result * power);
            }

            if (n > 1)
            {
                power = checked(power * power);
            }
        }

        return result;
    });

    private static double Real(string op, double a, double b) => op switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => b == 0 ? throw DivisionByZero("float division by zero") : a / b,
        "//" => b == 0 ? throw DivisionByZero("float floor division by zero") : Math.Floor(a / b),
        "%" => b == 0 ? throw DivisionByZero("float modulo") : Modulo(a, b),
        _ => Math.Pow(a, b),
    };

    private static double Modulo(double a, double b)
    {
        var r = a % b;
        return r != 0 && (r < 0) != (b < 0) ? r + b : r;
    }

    private static JinjaException DivisionByZero(string message) => new("ZeroDivisionError", message);

    private static long Checked(Func<long> compute)
    {
        try
        {
            return compute();
        }
        catch (OverflowException)
        {
            throw new JinjaException("OverflowError", "an integer of the template does not fit in 64 bits");
        }
    }
}
