namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>The tokens of a template with one place in them.</summary>
internal sealed class TokenStream(List<Token> tokens)
{
    // Deep enough for any real template, shallow enough for the stack.
    private const int MaxDepth = 150;

    private int depth;

    public int Position { get; private set; }

    public Token Current => tokens[Position];

    public Token Previous => tokens[Position - 1];

    public Token Peek => tokens[Math.Min(Position + 1, tokens.Count - 1)];

    public Token Next()
    {
        var token = Current;
        Position = Math.Min(Position + 1, tokens.Count - 1);
        return token;
    }

    public void Enter()
    {
        if (++depth > MaxDepth)
        {
            throw Fail($"the template is nested more than {MaxDepth} deep");
        }
    }

    public void Leave() => depth--;

    public Token Expect(TokenKind kind) => Current.Kind == kind ? Next() : throw Unexpected(kind switch
    {
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.VariableEnd => "end of print statement",
        _ => kind.ToString().ToLowerInvariant(),
    });

    public Token ExpectName(string? name = null) => Current.Kind == TokenKind.Name && (name is null || Current.Text == name) ? Next() : throw Unexpected(name ?? "name");

    public void ExpectOperator(string op)
    {
        if (!SkipOperator(op))
        {
            throw Unexpected(op);
        }
    }

    public bool SkipName(string name)
    {
        var found = Current.IsName(name);
        if (found)
        {
            Next();
        }

        return found;
    }

    public void SkipName()
    {
        if (Current.Kind == TokenKind.Name)
        {
            Next();
        }
    }

    public bool SkipOperator(string op)
    {
        var found = Current.IsOperator(op);
        if (found)
        {
            Next();
        }

        return found;
    }

    public bool AnyName(string name, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            if (tokens[i].IsName(name))
            {
                return true;
            }
        }

        return false;
    }

    public JinjaException Fail(string message, int line = 0) => new("TemplateSyntaxError", message, line == 0 ? Current.Line : line);

    private JinjaException Unexpected(string wanted) => Current.Kind == TokenKind.End
        ? Fail($"unexpected end of template, expected '{wanted}'.")
        : Fail($"expected token '{wanted}', got '{Current}'");
}
