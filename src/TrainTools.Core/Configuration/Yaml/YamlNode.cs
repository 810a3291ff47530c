namespace TrainTools.Core.Configuration;

/// <summary>A place in a file, both numbers from 1.</summary>
internal readonly record struct TextPosition(long Line, long Column);

/// <summary>A value of a YAML document with its place.</summary>
internal abstract record YamlNode(TextPosition Position);

/// <summary>A single value as it was written.</summary>
/// <param name="Position">Where it starts.</param>
/// <param name="Text">The text, quotes and escapes resolved.</param>
/// <param name="IsQuoted">Whether it was in quotes (or a block): then it is text, whatever it looks like.</param>
internal sealed record YamlScalar(TextPosition Position, string Text, bool IsQuoted) : YamlNode(Position)
{
    /// <summary>Whether it stands for "no value".</summary>
    public bool IsNull => !IsQuoted && Text is "" or "~" or "null" or "Null" or "NULL";
}

/// <summary>A list.</summary>
internal sealed record YamlSequence(TextPosition Position, IReadOnlyList<YamlNode> Items) : YamlNode(Position);

/// <summary>Keys and values in the order of the file; keys are single values and appear once.</summary>
internal sealed record YamlMapping(TextPosition Position, IReadOnlyList<(YamlScalar Key, YamlNode Value)> Entries) : YamlNode(Position);
