namespace TrainTools.Core.Cleaning;

/// <summary>Sets of defaults for a kind of data.</summary>
public enum CleaningProfile
{
    /// <summary>Conversations, prompts and completions.</summary>
    Sft,

    /// <summary>Texts with labels.</summary>
    Classification,

    /// <summary>Words with tags.</summary>
    Ner,

    /// <summary>Chosen and rejected answers.</summary>
    Preference,

    /// <summary>Web text for continued pre-training: adds the rules of Gopher, C4 and FineWeb.</summary>
    Web,
}

/// <summary>Which of several duplicates stays.</summary>
public enum KeepPolicy
{
    /// <summary>The first in the input.</summary>
    First,

    /// <summary>The longest, the first among equals.</summary>
    Longest,

    /// <summary>The one with the best score, the first among equals.</summary>
    BestScore,
}

/// <summary>What happens to records that contradict each other.</summary>
public enum ConflictPolicy
{
    /// <summary>They are flagged.</summary>
    None,

    /// <summary>The outcome with at least two thirds of the votes and two votes more than the next stays; without one all are flagged.</summary>
    Majority,

    /// <summary>The outcome that comes first stays.</summary>
    First,

    /// <summary>All are removed.</summary>
    DropAll,
}
