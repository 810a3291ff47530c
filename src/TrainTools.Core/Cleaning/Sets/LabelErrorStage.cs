using System.Globalization;
using System.Runtime.InteropServices;

using TrainTools.Core.Cleaning.LabelErrors;
using TrainTools.Core.Cleaning.Storage;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Cleaning.Sets;

/// <summary>Labels that confident learning takes for wrong, by probabilities from a file or from the built-in classifier.</summary>
internal sealed class LabelErrorStage(CleaningOptions options, long memoryBytes) : IDisposable
{
    private const int LeastRecords = 20;
    private readonly BlockStore _features = new(memoryBytes);
    private readonly List<(int Record, string Label, long Start, int Count)> _rows = [];

    /// <summary>Bytes in temporary files.</summary>
    public long SpilledBytes => _features.SpilledBytes;

    /// <summary>Share of labels taken for wrong; null where it was not estimated.</summary>
    public double? NoiseRate { get; private set; }

    /// <summary>Names of the classes, in the order of <see cref="Joint"/>.</summary>
    public IReadOnlyList<string> Classes { get; private set; } = [];

    /// <summary>Calibrated confident joint; null where it was not estimated.</summary>
    public int[][]? Joint { get; private set; }

    /// <summary>Adds a record with one label.</summary>
    public void Add(int record, string label, int[]? features)
    {
        var bytes = MemoryMarshal.AsBytes(features.AsSpan());
        _rows.Add((record, label, _features.Append(bytes), features?.Length ?? 0));
    }

    public void Run(CleaningState state, int threads, CancellationToken cancellationToken)
    {
        var rows = options.ProbabilityPath is null ? _rows.Where(r => !state.IsRemoved(r.Record)).ToList() : _rows;
        Classes = [.. rows.Select(r => r.Label).Distinct().Order(StringComparer.Ordinal)];
        if (options.ProbabilityPath is null && (rows.Count < LeastRecords || Classes.Count < 2))
        {
            return;
        }

        var number = Classes.Select((name, k) => (name, k)).ToDictionary(p => p.name, p => p.k, StringComparer.Ordinal);
        int[] labels = [.. rows.Select(r => number[r.Label])];
        var probabilities = options.ProbabilityPath is { } path
            ? FromFile(path, labels)
            : CrossValidation.Run(row => Features(rows[row]), labels, Classes.Count, options.Folds, options.Seed, threads, cancellationToken);
        var learning = new ConfidentLearning(probabilities);
        NoiseRate = learning.NoiseRate;
        Joint = learning.Joint;
        foreach (var row in learning.Suspects(options.LabelErrorMethod))
        {
            var record = rows[row].Record;
            if (!state.IsRemoved(record))
            {
                var predicted = probabilities.Predicted(row);
                state.Add(record, CleaningRules.LabelError, probabilities.SelfConfidence(row), string.Create(
                    CultureInfo.InvariantCulture, $"{rows[row].Label}, rather {Classes[predicted]} ({probabilities[row][predicted]:F2})"));
            }
        }
    }

    public void Dispose() => _features.Dispose();

    private ClassProbabilities FromFile(string path, int[] labels)
    {
        var file = NpyFile.Read(path);
        if (file.Columns != Classes.Count || file.Rows != labels.Length)
        {
            throw new TrainToolsException(
                ErrorIds.ProbabilitiesMismatch,
                ErrorKind.InvalidData,
                FormattableString.Invariant($"{path} holds {file.Rows} rows of {file.Columns} probabilities; the data set has {labels.Length} records with one label, of {Classes.Count} classes."),
                "Give one row for each record in the records' order, and one column for each class in the ordinal order of their names.",
                path);
        }

        return new ClassProbabilities(labels, file.Values, file.Columns);
    }

    private int[] Features((int Record, string Label, long Start, int Count) row)
    {
        var features = new int[row.Count];
        _features.Read(row.Start, MemoryMarshal.AsBytes(features.AsSpan()));
        return features;
    }
}
