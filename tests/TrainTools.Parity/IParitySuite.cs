namespace TrainTools.Parity;

/// <summary>
/// One kind of golden data. A suite looks into a folder for what it knows and says what it found there; every public
/// class of this assembly that implements this and has a constructor without parameters takes part.
/// </summary>
public interface IParitySuite
{
    /// <summary>First word of its cases' names.</summary>
    string Name { get; }

    /// <summary>The cases in a folder laid out as the suite expects; none where it does not apply.</summary>
    IEnumerable<ParityCase> Find(string folder);
}

/// <summary>One case, not yet run.</summary>
/// <param name="Name">Name, such as models/llama.</param>
/// <param name="Run">Computes and compares. An exception is a failed comparison.</param>
public sealed record ParityCase(string Name, Func<IEnumerable<Comparison>> Run);

/// <summary>One figure held against another.</summary>
/// <param name="What">What was compared.</param>
/// <param name="Difference">Greatest difference, in the measure of the tolerance; NaN fails.</param>
/// <param name="Tolerance">Greatest difference allowed.</param>
/// <param name="Detail">Where the greatest difference is, or what is wrong; null = nothing to say.</param>
public sealed record Comparison(string What, double Difference, double Tolerance, string? Detail = null)
{
    /// <summary>Whether it holds.</summary>
    public bool Passed => Difference <= Tolerance;

    /// <summary>A comparison that holds or does not, without a measure.</summary>
    public static Comparison Exact(string what, bool holds, string? detail = null) => new(what, holds ? 0 : 1, 0, holds ? null : detail);

    /// <summary>The greatest relative difference of two lists.</summary>
    public static Comparison Relative(string what, IReadOnlyList<double> actual, IReadOnlyList<double> expected, double tolerance)
    {
        if (actual.Count != expected.Count)
        {
            return Exact(what, holds: false, $"{actual.Count} figures, {expected.Count} expected");
        }

        double worst = 0;
        string? detail = null;
        for (int i = 0; i < actual.Count; i++)
        {
            double difference = Math.Abs(actual[i] - expected[i]) / Math.Max(Math.Abs(expected[i]), 1e-12);
            if (!(difference <= worst))
            {
                worst = difference;
                detail = FormattableString.Invariant($"figure {i}: {actual[i]:G9}, expected {expected[i]:G9}");
            }
        }

        return new Comparison(what, worst, tolerance, detail);
    }
}
