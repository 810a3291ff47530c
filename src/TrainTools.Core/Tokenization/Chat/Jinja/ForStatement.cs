using System.Text;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>{% for target in items if test recursive %} … {% else %} … {% endfor %}.</summary>
internal sealed class ForStatement(Expression target, Expression items, Expression? test, bool recursive, List<Statement> body, List<Statement> otherwise) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        scope.State.Enter();
        var value = items.Evaluate(scope);
        if (value is Undefined && !Py.Iterate(value).Any())
        {
            value = new PyTuple([]);
        }

        Loop(scope, value, output, 0);
        scope.State.Leave();
        return Flow.Next;
    }

    private void Loop(Scope scope, object? value, StringBuilder output, int depth)
    {
        IEnumerable<object?> source;
        try
        {
            source = Py.Iterate(value);
        }
        catch (JinjaException e) when (e.Line == 0)
        {
            e.Line = items.Line;
            throw;
        }

        if (test is not null)
        {
            source = source.Where(item =>
            {
                var inner = scope.Inner();
                Assign(target, item, inner);
                return Py.IsTrue(test.Evaluate(inner));
            });
        }

        var loop = new LoopContext([.. source], depth, recursive ? inner => Recurse(scope, inner, depth + 1) : null);
        var ran = false;
        while (loop.MoveNext())
        {
            ran = true;
            scope.State.Tick();
            var frame = scope.Inner();
            frame.Set("loop", loop);
            Assign(target, loop.Current, frame);
            if (Run(body, frame, output) == Flow.Break)
            {
                break;
            }
        }

        if (!ran)
        {
            Run(otherwise, scope.Inner(), output);
        }
    }

    private string Recurse(Scope scope, object? value, int depth)
    {
        scope.State.Enter();
        var text = new StringBuilder();
        Loop(scope, value, text, depth);
        scope.State.Leave();
        return text.ToString();
    }
}

/// <summary>The loop variable.</summary>
internal sealed class LoopContext(List<object?> items, int depth, Func<object?, string>? recurse) : Callable
{
    private int index = -1;
    private object? changed = new Undefined("no value yet");

    public object? Current => items[index];

    public bool MoveNext() => ++index < items.Count;

    public override object? Call(CallArguments arguments) => recurse is null
        ? throw JinjaException.Type("The loop must have the 'recursive' marker to be called recursively.")
        : recurse(arguments.Require(0, "iterable", "loop"));

    public object? Attribute(string name) => name switch
    {
        "index" => (long)index + 1,
        "index0" => (long)index,
        "revindex" => (long)items.Count - index,
        "revindex0" => (long)items.Count - index - 1,
        "first" => index == 0,
        "last" => index == items.Count - 1,
        "length" => (long)items.Count,
        "depth" => (long)depth + 1,
        "depth0" => (long)depth,
        "previtem" => index > 0 ? Wrap(items[index - 1]) : new Undefined("there is no previous item"),
        "nextitem" => index < items.Count - 1 ? Wrap(items[index + 1]) : new Undefined("there is no next item"),
        "cycle" => new Function(name, a => a.Positional.Length > 0 ? a.Positional[index % a.Positional.Length] : throw JinjaException.Type("no items for cycling given")),
        "changed" => new Function(name, a =>
        {
            var value = new PyTuple(a.Positional);
            var result = changed is Undefined || !Py.AreEqual(changed, value);
            changed = value;
            return result;
        }),
        _ => null,
    };

    // None is a value here, not a missing attribute.
    private static object Wrap(object? item) => item ?? NoneItem.Instance;

    internal sealed class NoneItem
    {
        public static readonly NoneItem Instance = new();
    }
}
