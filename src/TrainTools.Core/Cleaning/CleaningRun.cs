using System.Security.Cryptography;
using System.Text.Json.Nodes;

using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Cleaning.Reports;
using TrainTools.Core.Cleaning.Sets;
using TrainTools.Core.Data;
using TrainTools.Core.Data.Writing;

namespace TrainTools.Core.Cleaning;

/// <summary>A finished cleaning run: its verdicts, the records it keeps and those it does not.</summary>
public sealed class CleaningRun : IDisposable
{
    /// <summary>Field of a kept record's Extra with its score (low = easy), for a curriculum.</summary>
    public const string ScoreField = "curriculum_score";

    private readonly IRecordSource _source;
    private readonly RecordAnalyzer _analyzer;
    private readonly RecordSpool? _spool;
    private readonly bool _scored;
    private readonly (int Record, Finding Finding)[] _findings;
    private readonly CleaningAction[] _actions;

    internal CleaningRun(
        CleaningOptions options, IRecordSource source, RecordAnalyzer analyzer, CleaningState state, StageSummary summary, RecordSpool? spool, bool scored, TimeSpan elapsed)
    {
        Options = options;
        Elapsed = elapsed;
        Summary = summary;
        _source = source;
        _analyzer = analyzer;
        _spool = spool;
        _scored = scored;
        Table = state.Table;

        // Stable: findings of one record stay in the order in which they were made.
        _findings = [.. state.Findings.OrderBy(f => f.Record)];
        _actions = new CleaningAction[state.Table.Count];
        foreach (var (record, finding) in _findings)
        {
            _actions[record] = finding.Action > _actions[record] ? finding.Action : _actions[record];
        }
    }

    /// <summary>The options.</summary>
    public CleaningOptions Options { get; }

    /// <summary>Records looked at.</summary>
    public int Records => _actions.Length;

    /// <summary>Records kept.</summary>
    public int Kept => Records - Removed;

    /// <summary>Records removed.</summary>
    public int Removed => _actions.Count(a => a == CleaningAction.Remove);

    /// <summary>Records kept with a changed text.</summary>
    public int Changed => _actions.Count(a => a is CleaningAction.Repair or CleaningAction.Mask);

    /// <summary>Time of the run.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Pairs of records that shared a band of their signatures.</summary>
    public long CandidatePairs => Summary.Candidates;

    /// <summary>Pairs whose texts were compared exactly.</summary>
    public long ComparedPairs => Summary.Compared;

    /// <summary>Bytes that went to temporary files.</summary>
    public long SpilledBytes => Summary.SpilledBytes;

    /// <summary>Every verdict, by record.</summary>
    public IEnumerable<CleaningVerdict> Verdicts => _findings.Select(f => Verdict(f.Record, f.Finding));

    internal StageSummary Summary { get; }

    internal RecordTable Table { get; }

    internal IReadOnlyList<string> Files => _source.Files;

    /// <summary>What happens to a record.</summary>
    public CleaningAction ActionOf(int record) => _actions[record];

    /// <summary>The kept records, repaired, with their scores, in the order of the input or of the scores.</summary>
    public IEnumerable<TrainingRecord> KeptRecords(CancellationToken cancellationToken = default)
    {
        if (_spool is not null)
        {
            return Enumerable.Range(0, Records).Where(r => _actions[r] != CleaningAction.Remove).OrderBy(Table.Score).Select(r =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                return Scored(_spool[r], r);
            });
        }

        return All(cancellationToken).Where(r => _actions[r.Number] != CleaningAction.Remove).Select(r => Scored(Repaired(r.Record, r.Number), r.Number));
    }

    /// <summary>The removed records as they were, each with its verdicts.</summary>
    public IEnumerable<(TrainingRecord Record, IReadOnlyList<CleaningVerdict> Verdicts)> RemovedRecords(CancellationToken cancellationToken = default)
    {
        var next = 0;
        foreach (var (record, number) in All(cancellationToken))
        {
            while (next < _findings.Length && _findings[next].Record < number)
            {
                next++;
            }

            if (_actions[number] != CleaningAction.Remove)
            {
                continue;
            }

            var verdicts = new List<CleaningVerdict>();
            for (; next < _findings.Length && _findings[next].Record == number; next++)
            {
                verdicts.Add(Verdict(number, _findings[next].Finding));
            }

            yield return (record, verdicts);
        }
    }

    /// <summary>Every record with its number, as it was.</summary>
    internal IEnumerable<(TrainingRecord Record, int Number)> All(CancellationToken cancellationToken) =>
        _source.Read(cancellationToken).Select((record, number) => (record.Index == number ? record : record with { Index = number }, number));

    /// <summary>What went in, what went out and why.</summary>
    public CleaningReport Report(CancellationToken cancellationToken = default) => CleaningReportBuilder.Build(this, cancellationToken);

    /// <summary>
    /// Size and SHA-256 of the kept records as JSON Lines: those of the file that a <see cref="DatasetWriter"/> with default
    /// field names makes of them, so that a report can name the result before it is written.
    /// </summary>
    public FileHash KeptHash(CancellationToken cancellationToken = default)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var line = new MemoryStream();
        using var sink = new JsonSink(line, array: false, new DatasetWriterOptions());
        long bytes = 0;
        foreach (var record in KeptRecords(cancellationToken))
        {
            line.SetLength(0);
            sink.Write(record);
            hash.AppendData(line.GetBuffer().AsSpan(0, (int)line.Length));
            bytes += line.Length;
        }

        return new FileHash("kept records as JSON Lines", bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <inheritdoc/>
    public void Dispose() => _spool?.Dispose();

    internal IEnumerable<(int Record, Finding Finding)> Findings => _findings;

    private TrainingRecord Repaired(TrainingRecord record, int number) =>
        _actions[number] is CleaningAction.Repair or CleaningAction.Mask ? _analyzer.Repair(record) : record;

    private TrainingRecord Scored(TrainingRecord record, int number)
    {
        if (!_scored)
        {
            return record;
        }

        var extra = record.Extra is null ? [] : (JsonObject)record.Extra.DeepClone();
        extra[ScoreField] = Table.Score(number);
        return record with { Extra = extra };
    }

    internal CleaningVerdict Verdict(int record, Finding finding) => new()
    {
        Index = record,
        File = Table.File(record),
        Line = Table.Line(record),
        Rule = finding.Rule.Id,
        Value = finding.Value,
        Threshold = Options.Threshold(finding.Rule),
        Action = finding.Action,
        EvidenceIndex = finding.Evidence < 0 ? null : finding.Evidence,
        EvidenceFile = finding.Evidence < 0 ? null : Table.File(finding.Evidence),
        EvidenceLine = finding.Evidence < 0 ? null : Table.Line(finding.Evidence),
        Detail = finding.Detail,
    };
}
