namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Statements of a template. Expressions are in <see cref="ExpressionParser"/>. Source of the grammar: jinja2/parser.py.</summary>
internal sealed class JinjaParser
{
    private readonly TokenStream tokens;
    private readonly ExpressionParser expressions;
    private int loops;
    private bool marks;

    private JinjaParser(List<Token> tokens)
    {
        this.tokens = new TokenStream(tokens);
        expressions = new ExpressionParser(this.tokens);
    }

    /// <summary>Parses a whole template.</summary>
    public static (List<Statement> Body, bool MarksAssistantText) Parse(string template)
    {
        var parser = new JinjaParser(JinjaLexer.Tokenize(template));
        return (parser.Body(), parser.marks);
    }

    /// <summary>Statements up to one of the given end tags, which is left unread; to the end of the template if there are none.</summary>
    private List<Statement> Body(params string[] ends)
    {
        tokens.Enter();
        var body = new List<Statement>();
        while (true)
        {
            var token = tokens.Current;
            switch (token.Kind)
            {
                case TokenKind.Data:
                    tokens.Next();
                    body.Add(new TextStatement(token.Text));
                    break;
                case TokenKind.VariableBegin:
                    tokens.Next();
                    body.Add(new PrintStatement(expressions.Tuple()));
                    tokens.Expect(TokenKind.VariableEnd);
                    break;
                case TokenKind.BlockBegin:
                    tokens.Next();
                    if (tokens.Current.Kind == TokenKind.Name && ends.Contains(tokens.Current.Text, StringComparer.Ordinal))
                    {
                        tokens.Leave();
                        return body;
                    }

                    body.Add(ParseStatement(ends));
                    tokens.Expect(TokenKind.BlockEnd);
                    break;
                case TokenKind.End when ends.Length == 0:
                    tokens.Leave();
                    return body;
                default:
                    throw tokens.Fail($"Unexpected end of template. Jinja was looking for the following tags: '{string.Join("' or '", ends)}'.");
            }
        }
    }

    /// <summary>A body that ends with one tag, which is read; its block end is left to the caller.</summary>
    private List<Statement> Enclosed(string end)
    {
        tokens.Expect(TokenKind.BlockEnd);
        var body = Body(end);
        tokens.Next();
        return body;
    }

    private Statement ParseStatement(string[] ends)
    {
        var token = tokens.ExpectName();
        switch (token.Text)
        {
            case "if":
                return If();
            case "for":
                return For();
            case "set":
                return Set();
            case "macro":
                return Macro();
            case "call":
                return Call();
            case "filter":
                var filters = expressions.Filters(inline: true);
                return new FilterBlock(filters, Enclosed("endfilter"));
            case "with":
                return With();
            case "generation":
                marks = true;
                return new GenerationBlock(Isolated("endgeneration"));
            case "break" or "continue" when loops == 0:
                throw tokens.Fail($"'{token.Text}' outside loop", token.Line);
            case "break":
                return new LoopControl(Flow.Break);
            case "continue":
                return new LoopControl(Flow.Continue);
            case "block":
                tokens.ExpectName();
                var block = Isolated("endblock");
                tokens.SkipName();
                return new BlockStatement(block);
            case "autoescape":
                expressions.Parse();
                return new ScopedStatement(Enclosed("endautoescape"));
            case "print":
                return new PrintStatement(expressions.Tuple());
            case "include" or "import" or "from" or "extends":
                throw tokens.Fail($"'{token.Text}' needs other templates, and a chat template has none", token.Line);
            default:
                throw tokens.Fail(
                    $"Encountered unknown tag '{token.Text}'." + (ends.Length > 0 ? $" Jinja was looking for the following tags: '{string.Join("' or '", ends)}'." : string.Empty),
                    token.Line);
        }
    }

    /// <summary>A body that a loop's break and continue cannot leave, as it is a function of its own.</summary>
    private List<Statement> Isolated(string end)
    {
        var outer = loops;
        loops = 0;
        var body = Enclosed(end);
        loops = outer;
        return body;
    }

    private IfStatement If()
    {
        var branches = new List<(Expression?, List<Statement>)>();
        var soft = expressions.Soft;
        while (true)
        {
            Expression? test = null;
            if (branches.Count == 0 || tokens.Previous.IsName("elif"))
            {
                test = expressions.Tuple(conditional: false);
            }

            tokens.Expect(TokenKind.BlockEnd);
            expressions.Soft = true;
            var body = test is null ? Body("endif") : Body("elif", "else", "endif");
            expressions.Soft = soft;
            branches.Add((test, body));
            if (tokens.Next().Text == "endif")
            {
                return new IfStatement(branches);
            }
        }
    }

    private ForStatement For()
    {
        var target = expressions.Target(withNamespace: false, "in");
        tokens.ExpectName("in");
        var items = expressions.Tuple(conditional: false, "recursive");
        var test = tokens.SkipName("if") ? expressions.Parse() : null;
        var recursive = tokens.SkipName("recursive");
        tokens.Expect(TokenKind.BlockEnd);
        loops++;
        var body = Body("endfor", "else");
        loops--;
        var otherwise = tokens.Next().Text == "else" ? Enclosed("endfor") : [];
        return new ForStatement(target, items, test, recursive, body, otherwise);
    }

    private Statement Set()
    {
        var target = expressions.Target(withNamespace: true);
        if (tokens.SkipOperator("="))
        {
            return new SetStatement(target, expressions.Tuple());
        }

        var filters = expressions.Filters(inline: false);
        return new SetBlock(target, filters, Enclosed("endset"));
    }

    private WithStatement With()
    {
        var values = new List<(Expression, Expression)>();
        while (tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (values.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            var target = expressions.Target(withNamespace: false);
            tokens.ExpectOperator("=");
            values.Add((target, expressions.Parse()));
        }

        return new WithStatement(values, Enclosed("endwith"));
    }

    private MacroStatement Macro()
    {
        var name = tokens.ExpectName().Text;
        return new MacroStatement(name, Definition(name, Signature(), "endmacro"));
    }

    private CallBlock Call()
    {
        var signature = tokens.Current.IsOperator("(") ? Signature() : [];
        var line = tokens.Current.Line;
        var call = expressions.Parse() as CallExpression ?? throw tokens.Fail("expected call", line);
        return new CallBlock(call, Definition("caller", signature, "endcall"));
    }

    private MacroDefinition Definition(string name, List<(string, Expression?)> signature, string end)
    {
        var start = tokens.Position;
        var body = Isolated(end);
        bool Uses(string word) => tokens.AnyName(word, start, tokens.Position);
        return new MacroDefinition(name, signature, body, Uses("varargs"), Uses("kwargs"), Uses("caller"));
    }

    private List<(string Name, Expression? Default)> Signature()
    {
        var parameters = new List<(string, Expression?)>();
        tokens.ExpectOperator("(");
        while (!tokens.Current.IsOperator(")"))
        {
            if (parameters.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            var name = tokens.ExpectName().Text;
            if (tokens.SkipOperator("="))
            {
                parameters.Add((name, expressions.Parse()));
            }
            else if (parameters.Exists(p => p.Item2 is not null))
            {
                throw tokens.Fail("non-default argument follows default argument");
            }
            else
            {
                parameters.Add((name, null));
            }
        }

        tokens.ExpectOperator(")");
        return parameters;
    }
}
