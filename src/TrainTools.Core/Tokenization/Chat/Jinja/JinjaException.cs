namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>
/// A template could not be parsed or rendered. <see cref="PythonType"/> is the exception that Jinja2 raises in the same
/// place (TemplateSyntaxError, UndefinedError, TypeError, …; TemplateError for raise_exception).
/// </summary>
public sealed class JinjaException : Exception
{
    private const string LimitType = "LimitExceeded";

    /// <summary>Makes the exception.</summary>
    /// <param name="pythonType">Name of Jinja2's exception.</param>
    /// <param name="message">The message.</param>
    /// <param name="line">1-based line of the template; 0 if unknown.</param>
    public JinjaException(string pythonType, string message, int line = 0)
        : base(message)
    {
        PythonType = pythonType;
        Line = line;
    }

    /// <summary>Name of Jinja2's exception.</summary>
    public string PythonType { get; }

    /// <summary>1-based line of the template; 0 if unknown.</summary>
    public int Line { get; set; }

    /// <summary>Whether a limit for untrusted templates was passed: no fault of the conversation.</summary>
    public bool IsLimit => PythonType == LimitType;

    internal static JinjaException Type(string message) => new("TypeError", message);

    internal static JinjaException Value(string message) => new("ValueError", message);

    internal static JinjaException Security(string message) => new("SecurityError", message);

    internal static JinjaException Limit(string message) => new(LimitType, message);
}
