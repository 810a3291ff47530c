using System.Text;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>A statement of a template: writes to the output it is given.</summary>
internal abstract class Statement
{
    public abstract Flow Execute(Scope scope, StringBuilder output);

    /// <summary>Runs statements in order until one breaks or continues a loop.</summary>
    public static Flow Run(IReadOnlyList<Statement> body, Scope scope, StringBuilder output)
    {
        for (var i = 0; i < body.Count; i++)
        {
            scope.State.Tick();
            var flow = body[i].Execute(scope, output);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    /// <summary>The text that statements write.</summary>
    public static string Capture(IReadOnlyList<Statement> body, Scope scope)
    {
        var text = new StringBuilder();
        Run(body, scope, text);
        return text.ToString();
    }

    /// <summary>Assigns to a name or to each of a tuple's names.</summary>
    public static void Assign(Expression target, object? value, Scope scope)
    {
        switch (target)
        {
            case NameExpression name:
                scope.Set(name.Name, value);
                break;
            case TupleExpression tuple:
                var items = Py.Iterate(value, "cannot unpack non-iterable {0} object").Take(tuple.Items.Count + 1).ToList();
                if (items.Count != tuple.Items.Count)
                {
                    throw new JinjaException("ValueError", items.Count > tuple.Items.Count
                        ? $"too many values to unpack (expected {tuple.Items.Count})"
                        : $"not enough values to unpack (expected {tuple.Items.Count}, got {items.Count})", target.Line);
                }

                for (var i = 0; i < items.Count; i++)
                {
                    Assign(tuple.Items[i], items[i], scope);
                }

                break;
            case NamespaceTarget ns:
                var holder = scope.Get(ns.Name) as Namespace
                    ?? throw new JinjaException("TemplateRuntimeError", "cannot assign attribute on non-namespace object", target.Line);
                holder.Values[ns.Attribute] = value;
                break;
        }
    }
}

/// <summary>ns.name as the target of a set.</summary>
internal sealed class NamespaceTarget(string name, string attribute, int line) : Expression(line)
{
    public string Name { get; } = name;

    public string Attribute { get; } = attribute;

    protected override object? Compute(Scope scope) => null;
}

internal sealed class TextStatement(string text) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        scope.State.Write(output, text);
        return Flow.Next;
    }
}

internal sealed class PrintStatement(Expression value) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        scope.State.Write(output, Py.Str(value.Evaluate(scope)));
        return Flow.Next;
    }
}

internal sealed class IfStatement(List<(Expression? Test, List<Statement> Body)> branches) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        foreach (var (test, body) in branches)
        {
            if (test is null || Py.IsTrue(test.Evaluate(scope)))
            {
                return Run(body, scope, output);
            }
        }

        return Flow.Next;
    }
}

internal sealed class LoopControl(Flow flow) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output) => flow;
}

internal sealed class SetStatement(Expression target, Expression value) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        Assign(target, value.Evaluate(scope), scope);
        return Flow.Next;
    }
}

/// <summary>{% set x | filter %} … {% endset %}.</summary>
internal sealed class SetBlock(Expression target, List<FilterExpression> filters, List<Statement> body) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        object? value = Capture(body, scope.Inner());
        foreach (var filter in filters)
        {
            value = filter.Apply(value, scope);
        }

        Assign(target, value, scope);
        return Flow.Next;
    }
}

/// <summary>{% filter name %} … {% endfilter %}.</summary>
internal sealed class FilterBlock(List<FilterExpression> filters, List<Statement> body) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        object? value = Capture(body, scope.Inner());
        foreach (var filter in filters)
        {
            value = filter.Apply(value, scope);
        }

        scope.State.Write(output, Py.Str(value));
        return Flow.Next;
    }
}

internal sealed class WithStatement(List<(Expression Target, Expression Value)> values, List<Statement> body) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        var inner = scope.Inner();
        foreach (var (target, value) in values)
        {
            Assign(target, value.Evaluate(scope), inner);
        }

        return Run(body, inner, output);
    }
}

/// <summary>{% block %}: without inheritance it renders where it stands, seeing only the template's own names.</summary>
internal sealed class BlockStatement(List<Statement> body) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        Run(body, scope.Root().Inner(), output);
        return Flow.Next;
    }
}

internal sealed class ScopedStatement(List<Statement> body) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output) => Run(body, scope.Inner(), output);
}

internal sealed class MacroStatement(string name, MacroDefinition definition) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        scope.Set(name, new Macro(definition, scope));
        return Flow.Next;
    }
}

/// <summary>{% call(args) macro(…) %} … {% endcall %}.</summary>
internal sealed class CallBlock(CallExpression call, MacroDefinition body) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        scope.State.Write(output, Py.Str(call.Invoke(scope, new Macro(body, scope))));
        return Flow.Next;
    }
}

/// <summary>
/// {% generation %} … {% endgeneration %}: text of the assistant. transformers renders the body as a call block (so names
/// set inside stay inside) and takes as its place the length of what was written so far outside of macros.
/// </summary>
internal sealed class GenerationBlock(List<Statement> body) : Statement
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        var text = Capture(body, scope.Inner());
        scope.State.Generations.Add((scope.State.Output.Length, PythonText.Length(text), text.Length));
        scope.State.Write(output, text);
        return Flow.Next;
    }
}
