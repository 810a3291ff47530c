using System.Diagnostics;

using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Cleaning.Reports;
using TrainTools.Core.Cleaning.Scores;
using TrainTools.Core.Cleaning.Sets;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Cleaning;

/// <summary>
/// Cleans a data set: looks at every record by itself and at all of them together, and gives a verdict for each find.
/// Nothing is removed while looking: the run that comes back says what is kept, and gives the records.
/// </summary>
public sealed class DatasetCleaner
{
    private const int ProgressInterval = 4096;
    private readonly CleaningOptions _options;

    /// <summary>Makes a cleaner.</summary>
    /// <exception cref="TrainToolsException">CleaningOptionInvalid.</exception>
    public DatasetCleaner(CleaningOptions? options = null)
    {
        _options = options ?? new CleaningOptions();
        _options.Validate();
    }

    /// <summary>Looks at all records.</summary>
    /// <param name="source">The records; read once now and again when kept records are asked for.</param>
    /// <param name="onProgress">Told now and then how far the run is; called on the calling thread.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <exception cref="TrainToolsException">Whatever reading the records or the files in the options can raise.</exception>
    public CleaningRun Run(IRecordSource source, Action<CleaningProgress>? onProgress = null, CancellationToken cancellationToken = default)
    {
        var settings = new RuleSettings(_options);
        var state = new CleaningState(_options, settings);
        var scorer = Scorer();
        using var stages = new CleaningStages(_options, settings);
        var analyzer = new RecordAnalyzer(_options, settings, stages.Signatures, Contamination(settings), scorer);
        var spool = _options.OrderByScore ? new RecordSpool(_options.MemoryLimit / 4) : null;
        var watch = Stopwatch.StartNew();
        var threads = _options.Threads > 0 ? _options.Threads : Environment.ProcessorCount;
        try
        {
            FirstPass(source, analyzer, state, stages, spool, threads, onProgress, watch, cancellationToken);
            state.Words = analyzer.Words;
            scorer.CheckCount(state.Table.Count);
            var order = Order(state.Table);
            stages.Run(state, order, threads, stage => onProgress?.Invoke(new CleaningProgress(stage, state.Table.Count, 0, 0, watch.Elapsed)), cancellationToken);
            return new CleaningRun(_options, source, analyzer, state, stages.Summary(), spool, scorer.IsOn, watch.Elapsed);
        }
        catch
        {
            spool?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Decides the verdicts of an earlier run anew with these options' thresholds and actions; nothing is computed again but
    /// the lengths that the report shows.
    /// </summary>
    /// <param name="source">The records of the earlier run.</param>
    /// <param name="header">What the earlier run was.</param>
    /// <param name="verdicts">Its verdicts.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="TrainToolsException">VerdictFileInvalid: the records are not those of the earlier run.</exception>
    public CleaningRun Replay(IRecordSource source, VerdictHeader header, IReadOnlyList<CleaningVerdict> verdicts, CancellationToken cancellationToken = default)
    {
        var settings = new RuleSettings(_options);
        var state = new CleaningState(_options, settings);
        var watch = Stopwatch.StartNew();
        var length = new LengthMeasure(_options.Tokenizer, null);
        foreach (var record in source.Read(cancellationToken))
        {
            state.Table.Add(new RecordAnalysis(record, [], length.Measure(Records.RecordView.Of(record)), default));
        }

        if (state.Table.Count != header.Records)
        {
            throw new TrainToolsException(
                ErrorIds.VerdictFileInvalid, ErrorKind.InvalidData,
                FormattableString.Invariant($"The verdicts are about {header.Records} records; the data set has {state.Table.Count}."),
                "Give the files that the verdicts were made of, in the same order.");
        }

        RefuseOthers(source, header);
        VerdictReplay.Apply(state, header, verdicts);
        var analyzer = new RecordAnalyzer(_options, settings, null, null, new RecordScorer(null, null));
        return new CleaningRun(_options, source, analyzer, state, new StageSummary(null, [], null, 0, 0, 0), null, false, watch.Elapsed);
    }

    private void RefuseOthers(IRecordSource source, VerdictHeader header)
    {
        var files = source.Files.Where(File.Exists).Select(f => CleaningReport.Hash(f).Sha256);
        if (!files.SequenceEqual(header.Inputs.Select(i => i.Sha256)))
        {
            throw new TrainToolsException(
                ErrorIds.VerdictFileInvalid, ErrorKind.InvalidData, "The files are not those that the verdicts were made of: their SHA-256 differs.",
                "Give those files, in the same order, or clean anew.");
        }

        var rule = CleaningRules.NearDuplicate;
        var lowest = NearDuplicateStage.Lowest(header.Options.Threshold(rule));
        if (_options.IsOn(rule) && _options.Threshold(rule) < lowest - 1e-9)
        {
            throw new TrainToolsException(
                ErrorIds.CleaningOptionInvalid, ErrorKind.InvalidArgument,
                FormattableString.Invariant($"The verdicts hold near duplicates from a similarity of {lowest:0.###} on; {_options.Threshold(rule):0.###} is below that."),
                "Clean anew with the lower threshold, without -FromVerdictPath.");
        }
    }

    private static void FirstPass(
        IRecordSource source,
        RecordAnalyzer analyzer,
        CleaningState state,
        CleaningStages stages,
        RecordSpool? spool,
        int threads,
        Action<CleaningProgress>? onProgress,
        Stopwatch watch,
        CancellationToken cancellationToken)
    {
        var total = source.Files.Select(f => new FileInfo(f)).Sum(f => f.Exists ? f.Length : 0);
        long sizes = 0;
        OrderedParallel.Run(
            source.Read(cancellationToken).Select((record, number) => record.Index == number ? record : record with { Index = number }),
            RecordSize.Of,
            analyzer.Analyze,
            analysis =>
            {
                var record = state.Table.Count;
                state.Table.Add(analysis);
                foreach (var finding in analysis.Findings)
                {
                    state.Add(record, finding);
                }

                stages.Add(record, analysis);
                spool?.Add(analysis.Record);
                sizes += RecordSize.Of(analysis.Record);
                if (onProgress is not null && record % ProgressInterval == 0)
                {
                    // Text in memory takes two bytes a character and a file about one.
                    onProgress(new CleaningProgress("Checking records", record + 1, Math.Min(total, sizes / 2), total, watch.Elapsed));
                }
            },
            threads,
            cancellationToken);
    }

    private ContaminationCheck? Contamination(RuleSettings settings) =>
        _options.EvaluationPaths.Count > 0 && settings.AnyOn(CleaningRules.Contamination, CleaningRules.NearContamination)
            ? new ContaminationCheck(
                _options.EvaluationPaths.SelectMany(Evaluation),
                _options.ContaminationNGram,
                settings.IsOn(CleaningRules.NearContamination) ? new NearEvaluation(_options.NearDuplicates, settings.Threshold(CleaningRules.NearContamination)) : null)
            : null;

    private IEnumerable<TrainingRecord> Evaluation(string path)
    {
        var options = _options.EvaluationReader;
        try
        {
            return [.. new DatasetReader(options).Read(path)];
        }
        catch (TrainToolsException e) when (e.ErrorId == ErrorIds.DatasetFieldMissing)
        {
            return [.. new DatasetReader(new DatasetReaderOptions { OnProblem = options.OnProblem }).Read(path)];
        }
    }

    private RecordScorer Scorer()
    {
        var kind = _options.Score ?? (_options.Keep == KeepPolicy.BestScore || _options.OrderByScore ? ScoreKind.Quality : null);
        return new RecordScorer(kind, kind == ScoreKind.Loss ? LossFile.Read(_options.LossPath!) : null);
    }

    /// <summary>Records in the order of preference among duplicates; null for that of the input.</summary>
    private int[]? Order(RecordTable table) => _options.Keep switch
    {
        KeepPolicy.Longest => [.. Enumerable.Range(0, table.Count).OrderByDescending(table.Total)],
        KeepPolicy.BestScore => [.. Enumerable.Range(0, table.Count).OrderBy(table.Score)],
        _ => null,
    };
}
