using TrainTools.Core.Configuration;

namespace TrainTools.Core.Reports;

/// <summary>A chart over the steps of a run, as every renderer draws it.</summary>
public sealed record Chart
{
    /// <summary>Short name, for files ("loss", "grad_norm").</summary>
    public required string Name { get; init; }

    /// <summary>What it shows, with the unit.</summary>
    public required string Title { get; init; }

    /// <summary>What the x axis counts, with the unit.</summary>
    public string XTitle { get; init; } = "step";

    /// <summary>Curves, the first one at the back.</summary>
    public required IReadOnlyList<ChartSeries> Series { get; init; }

    /// <summary>Whether the values are on a logarithmic scale.</summary>
    public bool Logarithmic { get; init; }

    /// <summary>Whether the scale begins at zero.</summary>
    public bool FromZero { get; init; }

    /// <summary>A level worth knowing (a limit); null = none.</summary>
    public double? Level { get; init; }

    /// <summary>What the level is.</summary>
    public string? LevelName { get; init; }

    /// <summary>Stretches of the run in which something was diagnosed.</summary>
    public IReadOnlyList<ChartMark> Marks { get; init; } = [];
}

/// <summary>How a curve is drawn.</summary>
public enum SeriesStyle
{
    /// <summary>A thin, pale line: single values.</summary>
    Raw,

    /// <summary>A full line.</summary>
    Line,

    /// <summary>A full line with a dot at each point: few measured points.</summary>
    Dots,
}

/// <summary>A curve. Not a number = a gap.</summary>
/// <param name="Name">Name in the legend.</param>
/// <param name="X">Steps, ascending.</param>
/// <param name="Y">Values, as many.</param>
/// <param name="Color">Number of its colour.</param>
/// <param name="Style">How it is drawn.</param>
public sealed record ChartSeries(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y, int Color, SeriesStyle Style = SeriesStyle.Line);

/// <summary>A diagnosis on a chart.</summary>
/// <param name="Number">Its number in the list beside the charts.</param>
/// <param name="From">First step.</param>
/// <param name="To">Last step.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Text">What is seen.</param>
public sealed record ChartMark(int Number, int From, int To, FindingSeverity Severity, string Text);
