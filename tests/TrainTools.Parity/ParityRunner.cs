using System.Globalization;

namespace TrainTools.Parity;

/// <summary>Finds suites and cases, runs them and prints a line for each comparison.</summary>
public static class ParityRunner
{
    /// <summary>All suites of this assembly, by name.</summary>
    public static IReadOnlyList<IParitySuite> Suites { get; } = typeof(ParityRunner).Assembly.GetExportedTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IParitySuite)) && t.GetConstructor(Type.EmptyTypes) is not null)
        .Select(t => (IParitySuite)Activator.CreateInstance(t)!)
        .OrderBy(s => s.Name, StringComparer.Ordinal)
        .ToList();

    /// <summary>All cases of a folder whose names contain the filter.</summary>
    public static IEnumerable<ParityCase> Find(string folder, string filter = "") =>
        Suites.SelectMany(s => s.Find(folder)).Where(c => c.Name.Contains(filter, StringComparison.OrdinalIgnoreCase));

    /// <summary>Runs a case; an exception becomes a comparison that failed.</summary>
    public static IReadOnlyList<Comparison> Run(ParityCase parityCase)
    {
        var results = new List<Comparison>();
        try
        {
            results.AddRange(parityCase.Run());
        }
        catch (Exception e)
        {
            results.Add(Comparison.Exact("runs", holds: false, $"{e.GetType().Name}: {e.Message.Split('\n')[0]}"));
        }

        return results;
    }

    /// <summary>Runs all cases of a folder and prints; returns the number of failed comparisons, or -1 where there was nothing to compare.</summary>
    public static int RunAll(string folder, TextWriter output, string filter = "")
    {
        int passed = 0;
        int failed = 0;
        foreach (var parityCase in Find(folder, filter))
        {
            foreach (var result in Run(parityCase))
            {
                output.WriteLine(Line(parityCase.Name, result));
                if (result.Passed)
                {
                    passed++;
                }
                else
                {
                    failed++;
                }
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{passed} passed, {failed} failed"));
        return passed + failed == 0 ? -1 : failed;
    }

    private static string Line(string name, Comparison result)
    {
        string measure = result.Tolerance == 0
            ? string.Empty
            : string.Create(CultureInfo.InvariantCulture, $"  {result.Difference:0.0e+00} of {result.Tolerance:0.0e+00}");
        string detail = result.Passed || result.Detail is null ? string.Empty : "  " + result.Detail;
        return $"{(result.Passed ? "pass" : "FAIL")}  {name}  {result.What}{measure}{detail}";
    }
}
