using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>Records are used again before the others have had their turn.</summary>
public sealed class RecordsRepeatedDetector : IDetector
{
    /// <summary>Share of an epoch's records that were used before in it, from which it is said.</summary>
    public const double Limit = 0.1;

    /// <summary>Share from which it is an error: the run learns little else.</summary>
    public const double ErrorLimit = 0.4;

    /// <summary>Records needed.</summary>
    public const int LeastRecords = 50;

    /// <summary>Records remembered at most (16 bytes each).</summary>
    public const int MostRecords = 4_000_000;

    private readonly HashSet<long> seen = [];
    private readonly Dictionary<long, int> rows = []; // where records have several: how many of each were used in the epoch
    private readonly SortedSet<long> repeatedRecords = [];
    private int epoch = -1;
    private long used;
    private long repeated;
    private bool open;
    private bool severe;

    /// <inheritdoc/>
    public string Symptom => Symptoms.RecordsRepeated;

    /// <inheritdoc/>
    public void Reset()
    {
        (epoch, used, repeated, open, severe) = (-1, 0, 0, false, false);
        repeatedRecords.Clear();
    }

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        if (history.Last.Records is not { Count: > 0 } records || history.Facts.Curriculum)
        {
            return null;
        }

        // A step that ends an epoch belongs to it.
        var current = (int)Math.Ceiling(history.Last.Epoch - 1e-9);
        if (current != epoch)
        {
            epoch = current;
            seen.Clear();
            rows.Clear();
            (used, repeated) = (0, 0);
        }

        foreach (var record in records)
        {
            used++;
            if (history.Facts.MostRowsOfRecord is { } most ? (rows[record] = rows.GetValueOrDefault(record) + 1) <= most
                : seen.Count < MostRecords ? seen.Add(record) : !seen.Contains(record))
            {
                continue;
            }

            repeated++;
            if (repeatedRecords.Count < 64)
            {
                repeatedRecords.Add(record);
            }
        }

        var share = (double)repeated / used;
        if (used < LeastRecords || share < (open ? ErrorLimit : Limit) || severe)
        {
            return null;
        }

        open = true;
        severe = share >= ErrorLimit;
        return new Sighting
        {
            Severity = severe ? FindingSeverity.Error : FindingSeverity.Warning,
            FirstStep = history.LastStep,
            Summary = $"{Figure.Percent(share)} of the records of epoch {epoch} so far had been used in it before.",
            Evidence = [new("repeated_records", share, Limit, history.LastStep, history.LastStep, $"{repeated} of {used} uses of a record in epoch {epoch} were repetitions (limit {Figure.Percent(Limit)})")],
            Records = [.. repeatedRecords],
        };
    }
}
