using System.Text.Json;
using System.Text.Json.Nodes;

using TrainTools.Core.Data.Mapping;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Data;

/// <summary>Shape of a record.</summary>
public enum RecordShape
{
    /// <summary>Plain text.</summary>
    Text,

    /// <summary>A conversation.</summary>
    Messages,

    /// <summary>Prompt and completion as strings.</summary>
    PromptCompletion,

    /// <summary>Prompt and completion as lists of messages.</summary>
    ConversationalPromptCompletion,

    /// <summary>A chosen and a rejected answer.</summary>
    Preference,

    /// <summary>A text and its label or labels.</summary>
    Classification,

    /// <summary>Words and their tags.</summary>
    TokenClassification,
}

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">system, user, assistant, tool.</param>
/// <param name="Content">The text; null for a turn that only calls tools.</param>
public sealed record ChatMessage(string Role, string? Content)
{
    /// <summary>Every field of the turn as it stood in the file (tool_calls, name, reasoning_content, …), for the chat template; null if there is only role and content.</summary>
    public JsonObject? Extra { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Role}: {Content}";
}

/// <summary>
/// One example, whatever its shape, with the place it came from. Fields that a shape does not use are null.
/// Immutable: cleaning makes a new record where it changes one.
/// </summary>
public sealed record TrainingRecord
{
    /// <summary>Makes a record of a JSON object, its shape found by its fields as in a file.</summary>
    /// <exception cref="TrainToolsException">DatasetLineInvalid, DatasetShapeUnknown.</exception>
    public static TrainingRecord Of(JsonObject row)
    {
        ArgumentNullException.ThrowIfNull(row);
        using var json = JsonSerializer.SerializeToDocument(row);
        try
        {
            return new RecordMapper(new DatasetReaderOptions()).Map(json.RootElement);
        }
        catch (RowException e)
        {
            throw new TrainToolsException(
                e.ErrorId, ErrorKind.InvalidData, $"The object is no record: {e.Message}.",
                "Give it the fields of a record (prompt and completion, messages, text, text and label, chosen and rejected, tokens and tags), or read a file with Import-TrainingDataset, which takes names of fields.");
        }
    }

    private string? _sourceFile;
    private long _sourceLine;
    private long _index;

    /// <summary>Shape: tells which fields are set.</summary>
    public required RecordShape Shape { get; init; }

    /// <summary>Plain text (Text, Classification).</summary>
    public string? Text { get; init; }

    /// <summary>Prompt as a string (PromptCompletion; Preference with a string prompt).</summary>
    public string? Prompt { get; init; }

    /// <summary>Completion as a string.</summary>
    public string? Completion { get; init; }

    /// <summary>The conversation (Messages), or the prompt's turns (ConversationalPromptCompletion, conversational Preference).</summary>
    public IReadOnlyList<ChatMessage>? Messages { get; init; }

    /// <summary>The completion's turns.</summary>
    public IReadOnlyList<ChatMessage>? CompletionMessages { get; init; }

    /// <summary>Chosen answer as a string.</summary>
    public string? Chosen { get; init; }

    /// <summary>Rejected answer as a string.</summary>
    public string? Rejected { get; init; }

    /// <summary>Chosen answer as turns.</summary>
    public IReadOnlyList<ChatMessage>? ChosenMessages { get; init; }

    /// <summary>Rejected answer as turns.</summary>
    public IReadOnlyList<ChatMessage>? RejectedMessages { get; init; }

    /// <summary>Label (Classification), as text; numbers as they were written.</summary>
    public string? Label { get; init; }

    /// <summary>Labels (multi-label Classification).</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Words (TokenClassification).</summary>
    public IReadOnlyList<string>? Tokens { get; init; }

    /// <summary>Tags, one a word.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Tool definitions for the chat template.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Fields of the file that the shape does not use, kept for writing back and for chat templates.</summary>
    public JsonObject? Extra { get; init; }

    /// <summary>File it came from; null for records made in memory.</summary>
    public string? SourceFile { get => _sourceFile; init => _sourceFile = value; }

    /// <summary>1-based line in the file (or 1-based row where the format has no lines); 0 if unknown.</summary>
    public long SourceLine { get => _sourceLine; init => _sourceLine = value; }

    /// <summary>0-based number in the order of reading, over all files.</summary>
    public long Index { get => _index; init => _index = value; }

    /// <summary>Sets the place of a record that nobody has seen yet: spares the reader a copy of each.</summary>
    internal TrainingRecord At(string file, long line)
    {
        (_sourceFile, _sourceLine) = (file, line);
        return this;
    }

    /// <summary>Sets the number of a record that nobody has seen yet.</summary>
    internal TrainingRecord Numbered(long index)
    {
        _index = index;
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => SourceFile is null ? $"{Shape} {Index}" : $"{SourceFile}:{SourceLine}";
}
