namespace TrainTools.Core.Data.Sources;

/// <summary>One row of a file before it is mapped: a JSON object in UTF-8, or what was wrong with it.</summary>
/// <param name="Line">1-based line where the row begins.</param>
/// <param name="Json">The object; valid until the next row is asked for.</param>
/// <param name="Problem">What was wrong; null if the row could be cut out.</param>
internal readonly record struct SourceRow(long Line, ReadOnlyMemory<byte> Json, string? Problem)
{
    public static SourceRow Bad(long line, string problem) => new(line, default, problem);
}
