namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>An expression of a template.</summary>
internal abstract class Expression(int line)
{
    public int Line { get; } = line;

    public object? Evaluate(Scope scope)
    {
        scope.State.Tick();
        try
        {
            return Compute(scope);
        }
        catch (JinjaException e) when (e.Line == 0)
        {
            e.Line = Line;
            throw;
        }
    }

    protected abstract object? Compute(Scope scope);
}

internal sealed class Constant(object? value, int line) : Expression(line)
{
    public object? Value { get; } = value;

    protected override object? Compute(Scope scope) => Value;
}

internal sealed class NameExpression(string name, int line) : Expression(line)
{
    public string Name { get; } = name;

    protected override object? Compute(Scope scope) => scope.Get(Name);
}

internal sealed class ListExpression(List<Expression> items, int line) : Expression(line)
{
    protected override object? Compute(Scope scope) => new PyList([.. items.Select(i => i.Evaluate(scope))]);
}

internal sealed class TupleExpression(List<Expression> items, int line) : Expression(line)
{
    public IReadOnlyList<Expression> Items { get; } = items;

    protected override object? Compute(Scope scope) => new PyTuple([.. Items.Select(i => i.Evaluate(scope))]);
}

internal sealed class DictExpression(List<(Expression Key, Expression Value)> items, int line) : Expression(line)
{
    protected override object? Compute(Scope scope)
    {
        var dict = new PyDict();
        foreach (var (key, value) in items)
        {
            dict.Set(key.Evaluate(scope), value.Evaluate(scope));
        }

        return dict;
    }
}

internal sealed class AttributeExpression(Expression owner, string name, int line) : Expression(line)
{
    protected override object? Compute(Scope scope) => Members.Attribute(owner.Evaluate(scope), name);
}

internal sealed class ItemExpression(Expression owner, Expression key, int line) : Expression(line)
{
    protected override object? Compute(Scope scope) => Members.Item(owner.Evaluate(scope), key.Evaluate(scope));
}

internal sealed class SliceExpression(Expression owner, Expression? start, Expression? stop, Expression? step, int line) : Expression(line)
{
    protected override object? Compute(Scope scope) => Members.Slice(
        owner.Evaluate(scope), start?.Evaluate(scope), stop?.Evaluate(scope), step?.Evaluate(scope));
}

/// <summary>Arguments as they stand in a call.</summary>
internal sealed class ArgumentList(List<Expression> positional, List<(string Name, Expression Value)> named, Expression? spread, Expression? namedSpread)
{
    public static readonly ArgumentList Empty = new([], [], null, null);

    public CallArguments Evaluate(Scope scope)
    {
        if (positional.Count == 0 && named.Count == 0 && spread is null && namedSpread is null)
        {
            return CallArguments.None;
        }

        var values = new List<object?>(positional.Count);
        foreach (var item in positional)
        {
            values.Add(item.Evaluate(scope));
        }

        if (spread is not null)
        {
            values.AddRange(Py.Iterate(spread.Evaluate(scope)));
        }

        var names = named.Select(n => new KeyValuePair<string, object?>(n.Name, n.Value.Evaluate(scope))).ToList();
        if (namedSpread is not null)
        {
            var dict = namedSpread.Evaluate(scope) as PyDict ?? throw JinjaException.Type("argument after ** must be a mapping");
            names.AddRange(dict.Items.Select(i => new KeyValuePair<string, object?>(Py.Text(i.Key, "keyword"), i.Value)));
        }

        return new CallArguments([.. values], names);
    }
}

internal sealed class CallExpression(Expression target, ArgumentList arguments, int line) : Expression(line)
{
    protected override object? Compute(Scope scope) => Invoke(scope, null);

    /// <summary>Calls, with the caller of a call block if there is one.</summary>
    public object? Invoke(Scope scope, Macro? caller)
    {
        var callee = target.Evaluate(scope);
        var values = arguments.Evaluate(scope);
        if (caller is not null)
        {
            values = new CallArguments(values.Positional, [.. values.Named, new("caller", caller)]);
        }

        return callee switch
        {
            Callable c => c.Call(values),
            Undefined u => throw u.Fail(),
            _ => throw JinjaException.Type($"'{Py.TypeName(callee)}' object is not callable"),
        };
    }
}

internal sealed class FilterExpression(Expression? input, string name, ArgumentList arguments, int line) : Expression(line)
{
    private readonly Filter? filter = Filters.Find(name);

    public bool Exists => filter is not null;

    public string Name => name;

    /// <summary>Applies the filter to a text made by a block.</summary>
    public object? Apply(object? value, Scope scope) => filter is null
        ? throw new JinjaException("TemplateRuntimeError", $"No filter named '{name}' found.", Line)
        : filter(scope, value, arguments.Evaluate(scope));

    protected override object? Compute(Scope scope) => Apply(input!.Evaluate(scope), scope);
}

internal sealed class TestExpression(Expression input, string name, ArgumentList arguments, int line) : Expression(line)
{
    private readonly Test? test = Tests.Find(name);

    public bool Exists => test is not null;

    public string Name => name;

    protected override object? Compute(Scope scope) => test is null
        ? throw new JinjaException("TemplateRuntimeError", $"No test named '{name}' found.", Line)
        : test(input.Evaluate(scope), arguments.Evaluate(scope));
}

internal sealed class NotExpression(Expression operand, int line) : Expression(line)
{
    protected override object? Compute(Scope scope) => !Py.IsTrue(operand.Evaluate(scope));
}

internal sealed class LogicExpression(bool and, Expression left, Expression right, int line) : Expression(line)
{
    protected override object? Compute(Scope scope)
    {
        var value = left.Evaluate(scope);
        return Py.IsTrue(value) == and ? right.Evaluate(scope) : value;
    }
}

internal sealed class ConditionalExpression(Expression test, Expression then, Expression? otherwise, int line) : Expression(line)
{
    protected override object? Compute(Scope scope)
    {
        if (Py.IsTrue(test.Evaluate(scope)))
        {
            return then.Evaluate(scope);
        }

        return otherwise is null
            ? new Undefined("the inline if-expression evaluated to false and no else section was defined.")
            : otherwise.Evaluate(scope);
    }
}

internal sealed class CompareExpression(Expression first, List<(string Op, Expression Value)> rest, int line) : Expression(line)
{
    protected override object? Compute(Scope scope)
    {
        var left = first.Evaluate(scope);
        foreach (var (op, expression) in rest)
        {
            var right = expression.Evaluate(scope);
            var holds = op switch
            {
                "==" => Py.AreEqual(left, right),
                "!=" => !Py.AreEqual(left, right),
                "<" => Ordered(left, right, op) && Py.Compare(left, right, op) < 0,
                "<=" => Ordered(left, right, op) && Py.Compare(left, right, op) <= 0,
                ">" => Ordered(left, right, op) && Py.Compare(left, right, op) > 0,
                ">=" => Ordered(left, right, op) && Py.Compare(left, right, op) >= 0,
                "in" => Py.Contains(right, left),
                _ => !Py.Contains(right, left),
            };
            if (!holds)
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    // NaN is neither below nor above anything.
    private static bool Ordered(object? a, object? b, string op)
    {
        _ = op;
        return a is not double.NaN && b is not double.NaN;
    }
}

internal sealed class ConcatExpression(List<Expression> parts, int line) : Expression(line)
{
    protected override object? Compute(Scope scope) => Py.CheckSize(string.Concat(parts.Select(p => Py.Str(p.Evaluate(scope)))));
}

internal sealed class UnaryExpression(string op, Expression operand, int line) : Expression(line)
{
    protected override object? Compute(Scope scope) => Arithmetic.Unary(op, operand.Evaluate(scope));
}

internal sealed class BinaryExpression(string op, Expression left, Expression right, int line) : Expression(line)
{
    protected override object? Compute(Scope scope) => Arithmetic.Binary(op, left.Evaluate(scope), right.Evaluate(scope));
}
