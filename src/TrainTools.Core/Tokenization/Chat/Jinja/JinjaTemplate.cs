namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>
/// A Jinja2 template as transformers renders one: trim_blocks, lstrip_blocks, loop controls, generation blocks, an immutable
/// sandbox. It is interpreted here directly: no code is generated, nothing outside the given variables can be reached, and
/// operations, nesting and sizes are bounded, since templates come with models from anywhere.
/// </summary>
public sealed class JinjaTemplate
{
    private readonly List<Statement> body;

    private JinjaTemplate(List<Statement> body, bool marks)
    {
        this.body = body;
        MarksAssistantText = marks;
    }

    /// <summary>Whether there is a generation block.</summary>
    public bool MarksAssistantText { get; }

    /// <summary>Parses a template.</summary>
    /// <exception cref="JinjaException">The template is not valid.</exception>
    public static JinjaTemplate Parse(string source)
    {
        var (body, marks) = JinjaParser.Parse(source);
        return new JinjaTemplate(body, marks);
    }

    /// <summary>Renders with the given variables (JSON values) at the given time.</summary>
    /// <returns>The text and the assistant spans in code points (for transformers' masks) and UTF-16 units.</returns>
    /// <exception cref="JinjaException">Where Jinja2 would raise, and where a limit is passed.</exception>
    public JinjaResult Render(IEnumerable<KeyValuePair<string, System.Text.Json.Nodes.JsonNode?>> variables, DateTimeOffset now)
    {
        var state = new RenderState(now);
        var globals = new Scope(null, state);
        Globals.AddTo(globals);
        foreach (var (name, value) in variables)
        {
            globals.Set(name, JsonValues.From(value));
        }

        Statement.Run(body, globals.Inner(), state.Output);
        var text = state.Output.ToString();
        var spans = new List<TextSpan>(state.Generations.Count);
        var units = 0;
        var points = 0;
        foreach (var (start, codePoints, length) in state.Generations)
        {
            if (start < units)
            {
                (units, points) = (0, 0);
            }

            points += PythonText.Length(text.AsSpan(units, start - units));
            units = start;
            spans.Add(new TextSpan(points, points + codePoints, start, start + length));
        }

        return new JinjaResult(text, spans);
    }
}

/// <summary>A rendered template.</summary>
/// <param name="Text">The text.</param>
/// <param name="AssistantSpans">The generation blocks, in order.</param>
public sealed record JinjaResult(string Text, IReadOnlyList<TextSpan> AssistantSpans);

/// <summary>A part of a text: [start, end) in Unicode code points and in UTF-16 units.</summary>
public readonly record struct TextSpan(int Start, int End, int StartUnit, int EndUnit);
