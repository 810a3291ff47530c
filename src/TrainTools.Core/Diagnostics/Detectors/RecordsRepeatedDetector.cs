using System.Collections;
using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>Records are used again before the others have had their turn.</summary>
public sealed class RecordsRepeatedDetector : IDetector
{
    /// <summary>Share of an epoch's records that were used before in it, from which it is said.</summary>
    public const double Limit = 0.1;

    /// <summary>Records needed.</summary>
    public const int LeastRecords = 50;

    private readonly BitArray seen = new(0);
    private readonly SortedSet<int> repeatedRecords = [];
    private int epoch = -1;
    private long used;
    private long repeated;
    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.RecordsRepeated;

    /// <inheritdoc/>
    public void Reset()
    {
        (epoch, used, repeated, open) = (-1, 0, 0, false);
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
            seen.SetAll(false);
            (used, repeated) = (0, 0);
        }

        foreach (var record in records)
        {
            if (record >= seen.Length)
            {
                seen.Length = Math.Max(record + 1, 2 * seen.Length);
            }

            used++;
            if (seen[record])
            {
                repeated++;
                if (repeatedRecords.Count < 64)
                {
                    repeatedRecords.Add(record);
                }
            }

            seen[record] = true;
        }

        var share = (double)repeated / used;
        if (used < LeastRecords || open || share < Limit)
        {
            return null;
        }

        open = true;
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = history.LastStep,
            Summary = $"{Figure.Percent(share)} of the records of epoch {epoch} so far had been used in it before.",
            Evidence = [new("repeated_records", share, Limit, history.LastStep, history.LastStep, $"{repeated} of {used} uses of a record in epoch {epoch} were repetitions (limit {Figure.Percent(Limit)})")],
            Records = [.. repeatedRecords],
        };
    }
}
