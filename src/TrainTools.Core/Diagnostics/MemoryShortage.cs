namespace TrainTools.Core.Diagnostics;

/// <summary>Memory ran out in a run.</summary>
/// <param name="Step">Step that could not be done (of an evaluation: the step before it).</param>
/// <param name="Rows">Rows of the micro-batch that did not fit.</param>
/// <param name="Columns">Tokens of its longest row; 0 = not known.</param>
/// <param name="InEvaluation">It was in an evaluation.</param>
/// <param name="GoesOn">The run goes on with smaller batches (auto_find_batch_size); else it ends.</param>
public sealed record MemoryShortage(int Step, int Rows, int Columns, bool InEvaluation, bool GoesOn)
{
    /// <summary>How many of the rows were computed at a time: fewer than all where adapters are trained.</summary>
    public int RowsAtATime { get; init; } = Rows;

    /// <summary>Rows to try next: half of what was computed at a time.</summary>
    public int Half => (RowsAtATime + 1) / 2;

    /// <summary>How many times as many micro-batches a step then needs for the same rows.</summary>
    public int Factor => (Rows + Half - 1) / Math.Max(1, Half);
}
