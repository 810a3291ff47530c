namespace TrainTools.Core.Cleaning;

/// <summary>What makes a record easy (low) or hard (high) for a curriculum.</summary>
public enum ScoreKind
{
    /// <summary>Words or tokens of the answer, or of the text.</summary>
    Length,

    /// <summary>Reading difficulty: the Flesch-Kincaid grade.</summary>
    Readability,

    /// <summary>How many rules found something, weighed by their actions, and unusual length.</summary>
    Quality,

    /// <summary>A model's loss, from a file.</summary>
    Loss,
}
