namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Parameters and body of a macro or of a call block.</summary>
/// <param name="Name">Its name; "caller" for a call block.</param>
/// <param name="Parameters">Parameters with their defaults (null = none).</param>
/// <param name="Body">The statements.</param>
/// <param name="UsesVarargs">Whether the body reads varargs.</param>
/// <param name="UsesKwargs">Whether the body reads kwargs.</param>
/// <param name="UsesCaller">Whether the body reads caller.</param>
internal sealed record MacroDefinition(
    string Name, List<(string Name, Expression? Default)> Parameters, List<Statement> Body, bool UsesVarargs, bool UsesKwargs, bool UsesCaller);

/// <summary>A macro bound to the place where it was defined.</summary>
internal sealed class Macro(MacroDefinition definition, Scope scope) : Callable
{
    public string Name => definition.Name;

    public override object? Call(CallArguments arguments)
    {
        var inner = scope.Inner();
        var named = new List<KeyValuePair<string, object?>>(arguments.Named);
        var parameters = definition.Parameters;
        for (var i = 0; i < parameters.Count; i++)
        {
            var (name, otherwise) = parameters[i];
            var given = named.FindIndex(n => n.Key == name);
            if (i < arguments.Positional.Length)
            {
                inner.Set(name, arguments.Positional[i]);
            }
            else if (given >= 0)
            {
                inner.Set(name, named[given].Value);
                named.RemoveAt(given);
            }
            else
            {
                inner.Set(name, otherwise is null ? new Undefined($"parameter '{name}' was not provided") : otherwise.Evaluate(inner));
            }
        }

        if (definition.UsesCaller && !parameters.Any(p => p.Name == "caller"))
        {
            var i = named.FindIndex(n => n.Key == "caller");
            inner.Set("caller", i >= 0 ? named[i].Value : new Undefined("No caller defined"));
            named.RemoveAll(n => n.Key == "caller");
        }

        if (definition.UsesKwargs)
        {
            var kwargs = new PyDict();
            named.ForEach(n => kwargs.Set(n.Key, n.Value));
            inner.Set("kwargs", kwargs);
        }
        else if (named.Count > 0)
        {
            throw JinjaException.Type($"macro '{Name}' takes no keyword argument '{named[0].Key}'");
        }

        if (definition.UsesVarargs)
        {
            inner.Set("varargs", new PyTuple([.. arguments.Positional.Skip(parameters.Count)]));
        }
        else if (arguments.Positional.Length > parameters.Count)
        {
            throw JinjaException.Type($"macro '{Name}' takes not more than {parameters.Count} argument(s)");
        }

        scope.State.Enter();
        var text = Statement.Capture(definition.Body, inner);
        scope.State.Leave();
        return text;
    }
}
