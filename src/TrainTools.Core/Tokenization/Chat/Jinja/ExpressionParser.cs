using System.Globalization;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Expressions of a template, by Jinja2's grammar (which differs from Python's in the place of ~, filters and tests). Source: jinja2/parser.py.</summary>
internal sealed partial class ExpressionParser(TokenStream tokens)
{
    /// <summary>Inside a branch that may not run: an unknown filter or test fails only when it is reached.</summary>
    public bool Soft { get; set; }

    /// <summary>A tuple without parentheses, or a single expression.</summary>
    public Expression Tuple(bool conditional = true, params string[] ends) => Tuple(() => conditional ? Parse() : Or(), ends, parenthesised: false);

    /// <summary>One expression, a conditional one included.</summary>
    public Expression Parse()
    {
        tokens.Enter();
        var line = tokens.Current.Line;
        var soft = Soft;
        var value = Or();
        while (tokens.SkipName("if"))
        {
            var test = Or();
            Soft = true;
            var otherwise = tokens.SkipName("else") ? Parse() : null;
            Soft = soft;
            value = new ConditionalExpression(test, value, otherwise, line);
        }

        tokens.Leave();
        return value;
    }

    /// <summary>What a set or for assigns to: names, tuples of names, or name.attribute of a namespace.</summary>
    public Expression Target(bool withNamespace, params string[] ends)
    {
        var line = tokens.Current.Line;
        if (withNamespace && tokens.Peek.IsOperator("."))
        {
            var name = tokens.ExpectName().Text;
            tokens.Next();
            return new NamespaceTarget(name, tokens.ExpectName().Text, line);
        }

        var target = Tuple(Primary, ends, parenthesised: false);
        return IsTarget(target) ? target : throw tokens.Fail("can't assign to this expression", line);
    }

    /// <summary>Filters after a name (inline: without the first bar).</summary>
    public List<FilterExpression> Filters(bool inline)
    {
        var filters = new List<FilterExpression>();
        while (inline || tokens.Current.IsOperator("|"))
        {
            if (!inline)
            {
                tokens.Next();
            }

            inline = false;
            filters.Add(Filter(null));
        }

        return filters;
    }

    private static bool IsTarget(Expression target) =>
        target is NameExpression || (target is TupleExpression tuple && tuple.Items.All(IsTarget));

    private Expression Tuple(Func<Expression> item, string[] ends, bool parenthesised)
    {
        var line = tokens.Current.Line;
        var items = new List<Expression>();
        var isTuple = false;
        while (true)
        {
            if (items.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            var token = tokens.Current;
            if (token.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || token.IsOperator(")") || (token.Kind == TokenKind.Name && ends.Contains(token.Text, StringComparer.Ordinal)))
            {
                break;
            }

            items.Add(item());
            if (!tokens.Current.IsOperator(","))
            {
                break;
            }

            isTuple = true;
        }

        if (!isTuple && items.Count == 1)
        {
            return items[0];
        }

        return items.Count > 0 || parenthesised ? new TupleExpression(items, line) : throw tokens.Fail($"Expected an expression, got '{tokens.Current}'");
    }

    private Expression Or()
    {
        var left = And();
        while (tokens.Current.IsName("or"))
        {
            var line = tokens.Next().Line;
            left = new LogicExpression(false, left, And(), line);
        }

        return left;
    }

    private Expression And()
    {
        var left = Not();
        while (tokens.Current.IsName("and"))
        {
            var line = tokens.Next().Line;
            left = new LogicExpression(true, left, Not(), line);
        }

        return left;
    }

    private Expression Not()
    {
        if (!tokens.Current.IsName("not"))
        {
            return Comparison();
        }

        tokens.Enter();
        var line = tokens.Next().Line;
        var value = new NotExpression(Not(), line);
        tokens.Leave();
        return value;
    }

    private Expression Comparison()
    {
        var line = tokens.Current.Line;
        var first = Sum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            var token = tokens.Current;
            if (token.Kind == TokenKind.Operator && token.Text is "==" or "!=" or "<" or "<=" or ">" or ">=")
            {
                tokens.Next();
                rest.Add((token.Text, Sum()));
            }
            else if (tokens.SkipName("in"))
            {
                rest.Add(("in", Sum()));
            }
            else if (token.IsName("not") && tokens.Peek.IsName("in"))
            {
                tokens.Next();
                tokens.Next();
                rest.Add(("not in", Sum()));
            }
            else
            {
                return rest.Count == 0 ? first : new CompareExpression(first, rest, line);
            }
        }
    }

    private Expression Sum()
    {
        var left = Concat();
        while (tokens.Current.Kind == TokenKind.Operator && tokens.Current.Text is "+" or "-")
        {
            var op = tokens.Next();
            left = new BinaryExpression(op.Text, left, Concat(), op.Line);
        }

        return left;
    }

    private Expression Concat()
    {
        var line = tokens.Current.Line;
        var parts = new List<Expression> { Product() };
        while (tokens.SkipOperator("~"))
        {
            parts.Add(Product());
        }

        return parts.Count == 1 ? parts[0] : new ConcatExpression(parts, line);
    }

    private Expression Product()
    {
        var left = Power();
        while (tokens.Current.Kind == TokenKind.Operator && tokens.Current.Text is "*" or "/" or "//" or "%")
        {
            var op = tokens.Next();
            left = new BinaryExpression(op.Text, left, Power(), op.Line);
        }

        return left;
    }

    private Expression Power()
    {
        var left = Unary(filters: true);
        while (tokens.Current.IsOperator("**"))
        {
            var line = tokens.Next().Line;
            left = new BinaryExpression("**", left, Unary(filters: true), line);
        }

        return left;
    }

    private Expression Unary(bool filters)
    {
        Expression value;
        if (tokens.Current.Kind == TokenKind.Operator && tokens.Current.Text is "-" or "+")
        {
            tokens.Enter();
            var op = tokens.Next();
            value = new UnaryExpression(op.Text, Unary(filters: false), op.Line);
            tokens.Leave();
        }
        else
        {
            value = Primary();
        }

        value = Postfix(value);
        return filters ? FiltersAndTests(value) : value;
    }

    private Expression Primary()
    {
        var token = tokens.Next();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Constant(true, token.Line),
                    "false" or "False" => new Constant(false, token.Line),
                    "none" or "None" => new Constant(null, token.Line),
                    _ => new NameExpression(token.Text, token.Line),
                };
            case TokenKind.String:
                var text = token.Text;
                while (tokens.Current.Kind == TokenKind.String)
                {
                    text += tokens.Next().Text;
                }

                return new Constant(text, token.Line);
            case TokenKind.Integer:
                return long.TryParse(token.Text, CultureInfo.InvariantCulture, out var n) ? new Constant(n, token.Line)
                    : throw tokens.Fail($"the number {token.Text} does not fit in 64 bits", token.Line);
            case TokenKind.Float:
                return new Constant(double.Parse(token.Text, CultureInfo.InvariantCulture), token.Line);
            case TokenKind.Operator when token.Text == "(":
                tokens.Enter();
                var tuple = Tuple(Parse, [], parenthesised: true);
                tokens.ExpectOperator(")");
                tokens.Leave();
                return tuple;
            case TokenKind.Operator when token.Text == "[":
                return List(token.Line);
            case TokenKind.Operator when token.Text == "{":
                return Dict(token.Line);
            default:
                throw tokens.Fail($"unexpected '{token}'", token.Line);
        }
    }

    private Expression Postfix(Expression value)
    {
        while (tokens.Current.Kind == TokenKind.Operator)
        {
            var token = tokens.Current;
            switch (token.Text)
            {
                case ".":
                    tokens.Next();
                    var member = tokens.Next();
                    value = member.Kind switch
                    {
                        TokenKind.Name => new AttributeExpression(value, member.Text, token.Line),
                        TokenKind.Integer => new ItemExpression(value, new Constant(long.Parse(member.Text, CultureInfo.InvariantCulture), token.Line), token.Line),
                        _ => throw tokens.Fail("expected name or number", token.Line),
                    };
                    break;
                case "[":
                    tokens.Next();
                    value = Subscript(value, token.Line);
                    break;
                case "(":
                    value = new CallExpression(value, Arguments(), token.Line);
                    break;
                default:
                    return value;
            }
        }

        return value;
    }

    private Expression FiltersAndTests(Expression value)
    {
        while (true)
        {
            var token = tokens.Current;
            if (tokens.SkipOperator("|"))
            {
                value = Filter(value);
            }
            else if (tokens.SkipName("is"))
            {
                value = Test(value, token.Line);
            }
            else if (token.IsOperator("("))
            {
                // A call directly after a filter or test: foo|bar(1)(2).
                value = new CallExpression(value, Arguments(), token.Line);
            }
            else
            {
                return value;
            }
        }
    }

    private FilterExpression Filter(Expression? value)
    {
        var (name, line) = DottedName();
        var filter = new FilterExpression(value, name, tokens.Current.IsOperator("(") ? Arguments() : ArgumentList.Empty, line);
        return filter.Exists || Soft ? filter : throw new JinjaException("TemplateAssertionError", $"No filter named '{name}'.", line);
    }

    private Expression Test(Expression value, int line)
    {
        var negated = tokens.SkipName("not");
        var (name, _) = DottedName();
        var arguments = ArgumentList.Empty;
        var token = tokens.Current;
        if (token.IsOperator("("))
        {
            arguments = Arguments();
        }
        else if (token.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float || token.IsOperator("[") || token.IsOperator("{")
            || (token.Kind == TokenKind.Name && token.Text is not ("else" or "or" or "and" or "if")))
        {
            if (token.IsName("is"))
            {
                throw tokens.Fail("You cannot chain multiple tests with is", token.Line);
            }

            arguments = new ArgumentList([Postfix(Primary())], [], null, null);
        }

        var test = new TestExpression(value, name, arguments, line);
        if (!test.Exists && !Soft)
        {
            throw new JinjaException("TemplateAssertionError", $"No test named '{name}'.", line);
        }

        return negated ? new NotExpression(test, line) : test;
    }

    private (string Name, int Line) DottedName()
    {
        var token = tokens.ExpectName();
        var name = token.Text;
        while (tokens.SkipOperator("."))
        {
            name += "." + tokens.ExpectName().Text;
        }

        return (name, token.Line);
    }
}
