using TrainTools.Core.Errors;

namespace TrainTools.Core.Data;

/// <summary>A place in a data file that could not be read as a record. Reading goes on after it.</summary>
/// <param name="File">The file.</param>
/// <param name="Line">1-based line (row in Parquet); 0 where the whole file is meant.</param>
/// <param name="Reason">What was wrong.</param>
public sealed record DatasetProblem(string File, long Line, string Reason)
{
    /// <summary>Stable id of the error.</summary>
    public string ErrorId { get; init; } = ErrorIds.DatasetLineInvalid;

    /// <summary>The problem as an error with file and line in its message.</summary>
    public TrainToolsException ToException() => new(
        ErrorId,
        ErrorKind.InvalidData,
        Line > 0 ? FormattableString.Invariant($"{File}({Line}): {Reason}") : $"{File}: {Reason}",
        ErrorId == ErrorIds.DatasetShapeUnknown
            ? "Name the shape (dataset_format) or the fields (prompt_field, completion_field, text_field, messages_field, label_field)."
            : "Mend or delete the line; without strict reading it is left out and counted.",
        File);
}
