using System.Globalization;

namespace TrainTools.Parity;

/// <summary>Finds suites and cases, runs them and prints a line for each comparison.</summary>
public static class ParityRunner
{
    private const int ParentsSearched = 2;

    /// <summary>All suites of this assembly, by name.</summary>
    public static IReadOnlyList<IParitySuite> Suites { get; } = typeof(ParityRunner).Assembly.GetExportedTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IParitySuite)) && t.GetConstructor(Type.EmptyTypes) is not null)
        .Select(t => (IParitySuite)Activator.CreateInstance(t)!)
        .OrderBy(s => s.Name, StringComparer.Ordinal)
        .ToList();

    /// <summary>
    /// All cases of a folder whose names contain the filter. A folder cut out of its tree (lora/, models/llama, trainer/)
    /// stands for its own cases: they are found from the nearest of its parents that knows them, beside the models they need.
    /// </summary>
    public static IReadOnlyList<ParityCase> Find(string folder, string filter = "")
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var found = Suites.SelectMany(s => s.Find(folder)).ToList();
        string relative = string.Empty;
        for (int i = 0; i < ParentsSearched && found.Count == 0 && Path.GetDirectoryName(folder) is { } parent; i++)
        {
            relative = Path.GetFileName(folder) + (relative.Length == 0 ? string.Empty : "/" + relative);
            folder = parent;
            found = Suites.SelectMany(s => s.Find(folder)).Where(c => IsIn(c.Name, relative)).ToList();
        }

        return found.Where(c => c.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)).ToList();
    }

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

    /// <summary>The nearest path of that name from a folder upwards: in it, beside it, or beside its parent; null where there is none.</summary>
    public static string? Nearest(string folder, params string[] path)
    {
        string? place = Path.GetFullPath(folder);
        for (int i = 0; i <= ParentsSearched && place is not null; i++, place = Path.GetDirectoryName(place))
        {
            string found = Path.Combine([place, .. path]);
            if (Path.Exists(found))
            {
                return found;
            }
        }

        return null;
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

    /// <summary>Whether a case of that name lies in, or is, the folder of that relative path.</summary>
    private static bool IsIn(string name, string relative) =>
        name == relative || name.StartsWith(relative + "/", StringComparison.Ordinal) || name.EndsWith("/" + relative, StringComparison.Ordinal);

    private static string Line(string name, Comparison result)
    {
        string measure = result.Tolerance == 0
            ? string.Empty
            : string.Create(CultureInfo.InvariantCulture, $"  {result.Difference:0.0e+00} of {result.Tolerance:0.0e+00}");
        string detail = result.Passed || result.Detail is null ? string.Empty : "  " + result.Detail;
        return $"{(result.Passed ? "pass" : "FAIL")}  {name}  {result.What}{measure}{detail}";
    }
}
