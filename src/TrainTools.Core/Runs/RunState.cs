namespace TrainTools.Core.Runs;

/// <summary>State of a run.</summary>
public enum RunState
{
    /// <summary>The folder is made, the trainer has not begun.</summary>
    Created,

    /// <summary>A trainer works on it.</summary>
    Running,

    /// <summary>All steps are done and the result is saved.</summary>
    Completed,

    /// <summary>Ended on request; can be resumed.</summary>
    Stopped,

    /// <summary>Ended by an error.</summary>
    Failed,
}
