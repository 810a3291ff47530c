namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>What stands in brackets: lists, dicts, subscripts and slices, arguments of calls.</summary>
internal sealed partial class ExpressionParser
{
    private ListExpression List(int line)
    {
        tokens.Enter();
        var items = new List<Expression>();
        while (!tokens.Current.IsOperator("]"))
        {
            if (items.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            if (tokens.Current.IsOperator("]"))
            {
                break;
            }

            items.Add(Parse());
        }

        tokens.ExpectOperator("]");
        tokens.Leave();
        return new ListExpression(items, line);
    }

    private DictExpression Dict(int line)
    {
        tokens.Enter();
        var items = new List<(Expression, Expression)>();
        while (!tokens.Current.IsOperator("}"))
        {
            if (items.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            if (tokens.Current.IsOperator("}"))
            {
                break;
            }

            var key = Parse();
            tokens.ExpectOperator(":");
            items.Add((key, Parse()));
        }

        tokens.ExpectOperator("}");
        tokens.Leave();
        return new DictExpression(items, line);
    }

    private Expression Subscript(Expression value, int line)
    {
        tokens.Enter();
        var keys = new List<Expression>();
        while (!tokens.Current.IsOperator("]"))
        {
            if (keys.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            Expression? start = tokens.Current.IsOperator(":") ? null : Parse();
            if (start is not null && !tokens.Current.IsOperator(":"))
            {
                keys.Add(start);
                continue;
            }

            tokens.ExpectOperator(":");
            var stop = SlicePart();
            var step = tokens.SkipOperator(":") ? SlicePart() : null;
            if (keys.Count > 0 || !tokens.Current.IsOperator("]"))
            {
                throw tokens.Fail("a slice can have one dimension only");
            }

            tokens.Next();
            tokens.Leave();
            return new SliceExpression(value, start, stop, step, line);
        }

        tokens.ExpectOperator("]");
        tokens.Leave();
        return keys.Count switch
        {
            1 => new ItemExpression(value, keys[0], line),
            _ => new ItemExpression(value, new TupleExpression(keys, line), line),
        };
    }

    private Expression? SlicePart() => tokens.Current.IsOperator("]") || tokens.Current.IsOperator(":") ? null : Parse();

    private ArgumentList Arguments()
    {
        tokens.ExpectOperator("(");
        tokens.Enter();
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? spread = null;
        Expression? namedSpread = null;
        for (var any = false; !tokens.Current.IsOperator(")"); any = true)
        {
            if (any)
            {
                tokens.ExpectOperator(",");
                if (tokens.Current.IsOperator(")"))
                {
                    break;
                }
            }

            var line = tokens.Current.Line;
            if (tokens.SkipOperator("*"))
            {
                spread = spread is null && namedSpread is null ? Parse() : throw tokens.Fail("invalid syntax for function call expression", line);
            }
            else if (tokens.SkipOperator("**"))
            {
                namedSpread = namedSpread is null ? Parse() : throw tokens.Fail("invalid syntax for function call expression", line);
            }
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Peek.IsOperator("="))
            {
                var name = tokens.Next().Text;
                tokens.Next();
                named.Add((name, Parse()));
            }
            else
            {
                positional.Add(spread is null && namedSpread is null && named.Count == 0 ? Parse() : throw tokens.Fail("invalid syntax for function call expression", line));
            }
        }

        tokens.ExpectOperator(")");
        tokens.Leave();
        return new ArgumentList(positional, named, spread, namedSpread);
    }
}
