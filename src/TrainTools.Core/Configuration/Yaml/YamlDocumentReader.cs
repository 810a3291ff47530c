using TrainTools.Core.Errors;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace TrainTools.Core.Configuration;

/// <summary>
/// Reads one YAML document into <see cref="YamlNode"/>s: values and places, nothing else. Tags are refused, so that no
/// type is ever built; size, depth and the number of nodes are bounded, and an alias shares its anchor's node instead of
/// copying it, with what it stands for counted, so that a small file cannot become a large tree.
/// </summary>
internal sealed class YamlDocumentReader
{
    /// <summary>Longest document in characters.</summary>
    public const int MaxCharacters = 1 << 20;

    private const int MaxDepth = 16;
    private const int MaxNodes = 20_000;

    private readonly IParser parser;
    private readonly string? path;
    private readonly Dictionary<string, (YamlNode Node, int Count)> anchors = new(StringComparer.Ordinal);
    private int nodes;

    private YamlDocumentReader(IParser parser, string? path) => (this.parser, this.path) = (parser, path);

    /// <summary>Reads a document.</summary>
    /// <param name="text">The YAML (JSON is YAML too).</param>
    /// <param name="path">Its file, for messages; null for text that has none.</param>
    /// <returns>The root; null where the document is empty.</returns>
    /// <exception cref="TrainToolsException">ConfigFileInvalid, with line and column.</exception>
    public static YamlNode? Read(string text, string? path)
    {
        if (text.Length > MaxCharacters)
        {
            throw Invalid(path, new TextPosition(1, 1), $"the file has {text.Length:N0} characters; at most {MaxCharacters:N0} are read", "Is this the right file?");
        }

        try
        {
            return new YamlDocumentReader(new Parser(new Scanner(new StringReader(text), skipComments: true)), path).ReadDocument();
        }
        catch (YamlException e)
        {
            // Where something began and where it went wrong: the latter is what must be mended.
            throw Invalid(path, Position(e.End.Line > e.Start.Line ? e.End : e.Start), "this is not YAML: " + Reason(e), "Correct the syntax; indent with blanks, not tabs.", e);
        }
    }

    /// <summary>An error in a file, with its place.</summary>
    public static TrainToolsException Invalid(string? path, TextPosition at, string what, string? remedy, Exception? inner = null) =>
        new(ErrorIds.ConfigFileInvalid, ErrorKind.InvalidData, $"{Place(path, at)}: {what}.", remedy, path, inner);

    /// <summary>"file.yaml, line 3, column 7".</summary>
    public static string Place(string? path, TextPosition at) =>
        FormattableString.Invariant($"{(path is null ? string.Empty : path + ", ")}line {at.Line}, column {at.Column}");

    private static string Reason(YamlException e)
    {
        // YamlDotNet puts its own place before the reason in some messages.
        var message = e.Message;
        var end = message.StartsWith('(') ? message.IndexOf("): ", StringComparison.Ordinal) : -1;
        return (end < 0 ? message : message[(end + 3)..]).TrimEnd('.');
    }

    private static TextPosition Position(Mark mark) => new(mark.Line, mark.Column);

    private YamlNode? ReadDocument()
    {
        parser.Consume<StreamStart>();
        if (parser.TryConsume<StreamEnd>(out _))
        {
            return null;
        }

        parser.Consume<DocumentStart>();
        var (root, _) = ReadNode(0);
        parser.Consume<DocumentEnd>();
        if (!parser.TryConsume<StreamEnd>(out _))
        {
            throw Invalid(path, Position(parser.Current!.Start), "a second document begins here", "Keep one document in the file.");
        }

        return root is YamlScalar { IsNull: true } ? null : root;
    }

    private (YamlNode Node, int Count) ReadNode(int depth)
    {
        var current = parser.Current ?? throw Invalid(path, new TextPosition(1, 1), "the document ends early", null);
        var at = Position(current.Start);
        if (depth > MaxDepth)
        {
            throw Invalid(path, at, $"values are nested more than {MaxDepth} deep", "A configuration has sections and settings, no more.");
        }

        if (parser.TryConsume<AnchorAlias>(out var alias))
        {
            if (!anchors.TryGetValue(alias.Value.Value, out var known))
            {
                throw Invalid(path, at, $"the alias *{alias.Value.Value} has no anchor before it", null);
            }

            CountNodes(known.Count, at);
            return known;
        }

        if (current is NodeEvent { Tag.IsEmpty: false } tagged && !tagged.Tag.IsNonSpecific)
        {
            throw Invalid(path, at, $"the tag {tagged.Tag.Value} is not read", "Write plain values; tags are refused so that a file cannot build objects.");
        }

        CountNodes(1, at);
        var anchor = (current as NodeEvent)?.Anchor ?? AnchorName.Empty;
        var result = current switch
        {
            Scalar => ReadScalar(at),
            SequenceStart => ReadSequence(at, depth),
            MappingStart => ReadMapping(at, depth),
            _ => throw Invalid(path, at, "a value is missing", null),
        };
        if (!anchor.IsEmpty)
        {
            anchors[anchor.Value] = result;
        }

        return result;
    }

    private (YamlNode Node, int Count) ReadScalar(TextPosition at)
    {
        var scalar = parser.Consume<Scalar>();
        return (new YamlScalar(at, scalar.Value, scalar.Style != ScalarStyle.Plain), 1);
    }

    private (YamlNode Node, int Count) ReadSequence(TextPosition at, int depth)
    {
        parser.Consume<SequenceStart>();
        var items = new List<YamlNode>();
        var count = 1;
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            var item = ReadNode(depth + 1);
            items.Add(item.Node);
            count += item.Count;
        }

        return (new YamlSequence(at, items), count);
    }

    private (YamlNode Node, int Count) ReadMapping(TextPosition at, int depth)
    {
        parser.Consume<MappingStart>();
        var entries = new List<(YamlScalar, YamlNode)>();
        var seen = new Dictionary<string, TextPosition>(StringComparer.Ordinal);
        var count = 1;
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(depth + 1);
            if (key.Node is not YamlScalar name)
            {
                throw Invalid(path, key.Node.Position, "a key is not a single word", null);
            }

            if (!seen.TryAdd(name.Text, name.Position))
            {
                throw Invalid(path, name.Position, $"'{name.Text}' is here a second time; it was first given in line {seen[name.Text].Line}", "Keep one of the two.");
            }

            var value = ReadNode(depth + 1);
            entries.Add((name, value.Node));
            count += key.Count + value.Count;
        }

        return (new YamlMapping(at, entries), count);
    }

    private void CountNodes(int count, TextPosition at)
    {
        nodes += count;
        if (nodes > MaxNodes)
        {
            throw Invalid(path, at, $"the document holds more than {MaxNodes:N0} values, aliases counted as what they stand for", "Is this the right file?");
        }
    }
}
