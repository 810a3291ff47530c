namespace TrainTools.Core.Runs;

/// <summary>A label and its probability.</summary>
/// <param name="Label">The label.</param>
/// <param name="Score">Its probability.</param>
public sealed record LabelScore(string Label, double Score)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Label} {Score:F3}");
}

/// <summary>The labels of a text.</summary>
public sealed record ClassifiedText : TrainerEvent
{
    /// <summary>0-based number of the request.</summary>
    public required int Index { get; init; }

    /// <summary>The text as it was given.</summary>
    public required string Text { get; init; }

    /// <summary>The most probable label, or all with a probability above one half where several may apply, separated by commas; null for a regression.</summary>
    public string? Label { get; init; }

    /// <summary>Probability of the most probable label; of a regression the value.</summary>
    public double Score { get; init; }

    /// <summary>All labels with their probabilities, the most probable first; empty for a regression.</summary>
    public IReadOnlyList<LabelScore> Scores { get; init; } = [];

    /// <summary>Labels that apply: one, or any number where several may.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Logits in the order of the model's labels.</summary>
    public IReadOnlyList<float> Logits { get; init; } = [];

    /// <summary>Tokens that the model read.</summary>
    public int Tokens { get; init; }

    /// <summary>Tokens of the text beyond the model's positions, which it did not read.</summary>
    public int TokensLost { get; init; }

    /// <summary>Seconds taken.</summary>
    public double Seconds { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Label ?? Score.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>An entity in a text.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Text">The stretch of the text.</param>
/// <param name="Start">Place of its first character in the text (as .NET counts: Substring(Start, End - Start) is the entity).</param>
/// <param name="End">One past its last.</param>
/// <param name="Score">Mean probability of its words' tags.</param>
public sealed record TextEntity(string Type, string Text, int Start, int End, double Score)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Text} [{Type} {Score:F2}]");
}

/// <summary>The entities of a text.</summary>
public sealed record TaggedText : TrainerEvent
{
    /// <summary>0-based number of the request.</summary>
    public required int Index { get; init; }

    /// <summary>The text as it was given.</summary>
    public required string Text { get; init; }

    /// <summary>The entities, in the order of the text.</summary>
    public IReadOnlyList<TextEntity> Entities { get; init; } = [];

    /// <summary>The words that were tagged.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Their tags.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Logits [words × labels]; given where they were asked for.</summary>
    public IReadOnlyList<float>? Logits { get; init; }

    /// <summary>Tokens that the model read, in all windows.</summary>
    public int Tokens { get; init; }

    /// <summary>Seconds taken.</summary>
    public double Seconds { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Entities);
}
