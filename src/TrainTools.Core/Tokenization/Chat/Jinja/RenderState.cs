using System.Text;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>What one rendering shares: the output, the clock, the assistant spans and the limits that an untrusted template must keep.</summary>
internal sealed class RenderState(DateTimeOffset now)
{
    /// <summary>Most nodes that one rendering may evaluate: loops end in seconds.</summary>
    public const long MaxOperations = 5_000_000;

    /// <summary>Deepest nesting of macro calls and loops.</summary>
    public const int MaxDepth = 100;

    private long operations;
    private int depth;

    /// <summary>The text rendered so far, outside of macros and other buffers.</summary>
    public StringBuilder Output { get; } = new();

    /// <summary>Generation blocks: start in the output (UTF-16 units at the time) and length in code points.</summary>
    public List<(int Start, int CodePoints, int Units)> Generations { get; } = [];

    public DateTimeOffset Now { get; } = now;

    public void Tick()
    {
        if (++operations > MaxOperations)
        {
            throw JinjaException.Limit($"the template did not end within {MaxOperations} operations");
        }
    }

    public void Enter()
    {
        if (++depth > MaxDepth)
        {
            throw new JinjaException("RecursionError", $"maximum recursion depth exceeded (macros nested more than {MaxDepth} deep)");
        }
    }

    public void Leave() => depth--;

    public void Write(StringBuilder target, string text)
    {
        target.Append(text);
        if (target.Length > Py.MaxSize)
        {
            throw JinjaException.Limit($"the template wrote more than {Py.MaxSize} characters");
        }
    }
}

/// <summary>Names visible in one place: a chain of frames that ends in the variables given to the template and the globals.</summary>
internal sealed class Scope(Scope? parent, RenderState state)
{
    private Dictionary<string, object?>? names;

    public RenderState State { get; } = state;

    public Scope Inner() => new(this, State);

    public void Set(string name, object? value) => (names ??= new(StringComparer.Ordinal))[name] = value;

    public object? Get(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope.names is not null && scope.names.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return Undefined.Name(name);
    }

    /// <summary>The outermost frame but the globals: what a block sees.</summary>
    public Scope Root()
    {
        var scope = this;
        while (scope.Parent?.Parent is not null)
        {
            scope = scope.Parent;
        }

        return scope;
    }

    private Scope? Parent { get; } = parent;
}

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}
