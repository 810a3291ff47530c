namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>
/// Text that "safe" or "escape" made. Jinja2 keeps a type of its own for it: whatever is joined to it by "+" is escaped,
/// even where automatic escaping is off, as in chat templates. Source: markupsafe.
/// </summary>
internal sealed class Markup(string text)
{
    public string Text { get; } = text;

    public static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);

    /// <summary>The plain text of a Markup; any other value as it is.</summary>
    public static object? Unwrap(object? value) => value is Markup m ? m.Text : value;

    /// <summary>A string as Markup, the strings of a list or tuple too; any other value as it is.</summary>
    public static object? Wrap(object? value) => value switch
    {
        string s => new Markup(s),
        PyList l => new PyList([.. l.Items.Select(Wrap)]),
        PyTuple t => new PyTuple([.. t.Items.Select(Wrap)]),
        _ => value,
    };

    /// <summary>A string escaped; Markup and any other value as it is, without the type.</summary>
    public static object? Escaped(object? value) => value switch
    {
        Markup m => m.Text,
        string s => Escape(s),
        _ => value,
    };

    /// <summary>A method of the text: escapes its arguments, gives Markup.</summary>
    public Function? Method(string name) => StringMethods.Find(Text, name) is { } method
        ? new Function(name, a => Wrap(method.Call(new CallArguments(
            [.. a.Positional.Select(EscapedItems)], [.. a.Named.Select(n => new KeyValuePair<string, object?>(n.Key, EscapedItems(n.Value)))]))))
        : null;

    /// <summary>left + right or left % right where at least one is Markup.</summary>
    public static object? Binary(string op, object? left, object? right) => op switch
    {
        "+" when left is Markup or string && right is Markup or string => new Markup(Py.CheckSize((string)Escaped(left)! + (string)Escaped(right)!)),
        "%" when left is Markup m => new Markup(PrintfFormat.Format(m.Text, EscapedItems(right))),
        "*" => Wrap(Arithmetic.Binary(op, Unwrap(left), Unwrap(right))),
        _ => Arithmetic.Binary(op, Unwrap(left), Unwrap(right)),
    };

    private static object? EscapedItems(object? value) => value switch
    {
        PyList l => new PyList([.. l.Items.Select(Escaped)]),
        PyTuple t => new PyTuple([.. t.Items.Select(Escaped)]),
        _ => Escaped(value),
    };
}
