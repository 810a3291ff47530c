using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>Memory grows step after step, after the first ones in which everything is set up.</summary>
public sealed class MemoryGrowthDetector : IDetector
{
    /// <summary>Points left out at the start.</summary>
    public const int Skip = 100;

    /// <summary>Points looked at.</summary>
    public const int Window = 200;

    /// <summary>Groups whose medians must rise.</summary>
    public const int Groups = 8;

    /// <summary>Least growth over the window, relative.</summary>
    public const double LeastGrowth = 0.02;

    /// <summary>Least growth over the window, in bytes.</summary>
    public const double LeastBytes = 24 << 20;

    /// <summary>
    /// Least share of the first half's growth that the second half must show: what fills up (caches, an allocator that
    /// meets new row lengths) slows down, a leak does not.
    /// </summary>
    public const double LeastPace = 0.7;

    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.MemoryGrowth;

    /// <inheritdoc/>
    public void Reset() => open = false;

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        if (history.Count < Skip + Window || history.Count % 20 != 0)
        {
            return null;
        }

        return Judge(history, s => s.DeviceBytes, "device_bytes", "Device memory") ?? Judge(history, s => s.ResidentBytes, "resident_bytes", "Memory of the process");
    }

    private Sighting? Judge(RunHistory history, Func<Runs.TrainingStep, long?> memory, string signal, string what)
    {
        var values = new List<double>(Window);
        for (var back = Math.Min(Window, history.RecentCount) - 1; back >= 0; back--)
        {
            if (memory(history.Recent(back)) is { } bytes)
            {
                values.Add(bytes);
            }
        }

        if (values.Count < Window / 2)
        {
            return null;
        }

        var size = values.Count / Groups;
        var medians = Enumerable.Range(0, Groups).Select(g => RobustStatistics.Median(values.Skip(g * size).Take(size).ToArray())).ToArray();
        var growth = medians[^1] - medians[0];
        var trend = RobustStatistics.MannKendall(medians);

        // Evenly: no single group brings more than half of it, as a larger batch or a growing cache does.
        var largest = medians.Zip(medians.Skip(1), (a, b) => b - a).Max();
        var (early, late) = (medians[Groups / 2] - medians[0], medians[^1] - medians[(Groups / 2) - 1]);
        var grows = trend >= 3 && growth > LeastBytes && growth > LeastGrowth * medians[0] && largest < growth / 2 && late > LeastPace * early;
        if (open)
        {
            if (grows || trend > 1.5)
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"By step {history.LastStep} it had stopped growing at {ConfigText.Bytes(medians[^1])}.");
        }

        if (!grows)
        {
            return null;
        }

        open = true;
        var from = history.Steps[^Math.Min(Window, history.Count)];
        var steps = history.LastStep - from;

        // The groups' medians lie seven of the eight groups apart.
        var whole = growth * Groups / (Groups - 1);
        var rate = whole / steps;
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = from,
            Summary = $"{what} has grown evenly by {ConfigText.Bytes(whole)} over the last {steps} steps, to {ConfigText.Bytes(medians[^1])}: {ConfigText.Bytes(rate)} a step.",
            Evidence = [new(signal, medians[^1], medians[0] + Math.Max(LeastBytes, LeastGrowth * medians[0]), from, history.LastStep, $"{what} at steps {from} to {history.LastStep}, medians of {Groups} groups: {string.Join(", ", medians.Select(m => ConfigText.Bytes(m)))}")],
        };
    }
}
