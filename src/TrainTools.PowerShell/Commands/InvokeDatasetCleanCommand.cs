using System.Management.Automation;
using TrainTools.Core.Cleaning;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Cleaning.Reports;
using TrainTools.Core.Data;
using TrainTools.Core.Data.Writing;
using TrainTools.Core.Errors;
using TrainTools.PowerShell.Datasets;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Cleans a data set: duplicates, conflicts, label errors, broken structure, odd lengths, damaged text, personal data,
/// leaked evaluation records. Every find is a verdict; a policy decides what it does. Kept records go down the pipeline;
/// nothing is lost: removed ones and all verdicts can be written aside. -WhatIf only reports.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "DatasetClean", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(TrainingRecord), typeof(CleaningReport))]
public sealed partial class InvokeDatasetCleanCommand : RecordCommandBase
{
    /// <inheritdoc/>
    private protected override long SpoolMemory => MemoryLimit / 2;

    /// <inheritdoc/>
    private protected override int ReadThreads => ThreadCount > 0 ? ThreadCount : base.ReadThreads;

    /// <inheritdoc/>
    protected override void Begin()
    {
        var comparer = Comparer;
        if (Outputs().GroupBy(o => o, comparer).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new TrainToolsException(
                ErrorIds.CleaningOptionInvalid, ErrorKind.InvalidArgument, $"Two outputs have the name {twice.Key}.", "Give each a name of its own.", twice.Key);
        }

        // Before the work, not after it. -WhatIf writes nothing.
        if (!Force && !IsWhatIf && Outputs().FirstOrDefault(File.Exists) is { } existing)
        {
            throw new TrainToolsException(ErrorIds.FileExists, ErrorKind.AlreadyExists, $"The file {existing} exists already.", "Choose another name, or write over it with -Force.", existing);
        }
    }

    private bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out var given) && given is SwitchParameter { IsPresent: true };

    private static StringComparer Comparer => OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <summary>Verdicts or a report in the place of the data would lose it, -Force or not.</summary>
    private void KeepInputs(IRecordSource source)
    {
        var inputs = source.Files.Concat(PathHelper.Resolve(this, EvaluationPath, literal: false))
            .Concat(((string?[])[LossPath, ProbabilityPath]).OfType<string>().Select(p => PathHelper.ResolveNew(this, p)));
        if (Outputs().Intersect(inputs, Comparer).FirstOrDefault() is { } lost)
        {
            throw new TrainToolsException(
                ErrorIds.CleaningOptionInvalid, ErrorKind.InvalidArgument, $"{lost} is read and cannot be written over by verdicts, rejected records or a report.", "Choose another name.", lost);
        }
    }

    /// <summary>Full paths of the files that the run will write.</summary>
    private IEnumerable<string> Outputs()
    {
        if (ReportPath is not null)
        {
            var (html, json) = HtmlReport.Paths(PathHelper.ResolveNew(this, ReportPath));
            yield return html;
            yield return json;
        }

        foreach (var path in (string?[])[VerdictPath, RejectedPath])
        {
            if (path is not null)
            {
                yield return PathHelper.ResolveNew(this, path);
            }
        }
    }

    /// <inheritdoc/>
    private protected override void Run(IRecordSource source)
    {
        KeepInputs(source);
        var progress = new DatasetProgressSink(this, 12, "Cleaning");
        using var run = FromVerdictPath is null
            ? Clean(source, progress)
            : Replay(source);
        progress.Complete();
        var report = run.Report(Cancellation) with { BadLines = BadLines, Command = CommandText.Of(MyInvocation, source.Files) };
        foreach (var warning in report.Warnings)
        {
            WriteWarning(warning);
        }

        if (!ShouldProcess(Target(source), $"Remove {run.Removed} and change {run.Changed} of {run.Records} records"))
        {
            WriteObject(report);
            return;
        }

        WriteAside(run, report);
        if (AsReport)
        {
            WriteObject(report);
            return;
        }

        foreach (var record in run.KeptRecords(Cancellation))
        {
            WriteObject(record);
        }
    }

    private static string Target(IRecordSource source) => source.Files.Count switch
    {
        0 => "Records of the pipeline",
        1 => source.Files[0],
        _ => $"{source.Files.Count} files",
    };

    private CleaningRun Clean(IRecordSource source, DatasetProgressSink progress)
    {
        var options = Options();
        var cleaner = new DatasetCleaner(options);
        foreach (var unread in options.Unread())
        {
            WriteWarning(unread);
        }

        return cleaner.Run(source, progress.Report, Cancellation);
    }

    // Everything else about an earlier run is in its verdicts and could only be changed by looking again.
    private void RefuseNewChecks()
    {
        string[] fixedByVerdicts =
        [
            nameof(Profile), nameof(Include), nameof(Normalization), nameof(Keep), nameof(ConflictPolicy), nameof(LabelErrorMethod), nameof(ProbabilityPath),
            nameof(TokenizerPath), nameof(MaxLength), nameof(EvaluationPath), nameof(ContaminationNGram), nameof(Language), nameof(Script), nameof(Score),
            nameof(OrderBy), nameof(LossPath), nameof(Seed),
        ];
        if (fixedByVerdicts.FirstOrDefault(MyInvocation.BoundParameters.ContainsKey) is { } given)
        {
            throw new TrainToolsException(
                ErrorIds.CleaningOptionInvalid, ErrorKind.InvalidArgument, $"-{given} cannot be used on the verdicts of an earlier run.",
                "On a verdict file -Threshold, -Action and -Exclude decide anew; for all else clean anew, without -FromVerdictPath.");
        }
    }

    private CleaningRun Replay(IRecordSource source)
    {
        RefuseNewChecks();
        var (header, verdicts) = VerdictFile.Read(PathHelper.ResolveNew(this, FromVerdictPath!));
        var options = header.Options with
        {
            Thresholds = Merge(header.Options.Thresholds, Thresholds()),
            Actions = Merge(header.Options.Actions, Actions()),
            Exclude = [.. header.Options.Exclude, .. Exclude],
        };
        var run = new DatasetCleaner(options).Replay(source, header, verdicts, Cancellation);
        if (header.Options.Score is not null)
        {
            WriteWarning("A verdict file holds no scores: the records come without curriculum_score and in the order of the input.");
        }

        foreach (var rule in CleaningRules.All.Where(r => r != CleaningRules.NearDuplicate && Loosens(r, header.Options.Threshold(r), options.Threshold(r))))
        {
            WriteWarning($"{rule.Id} may find more with the new threshold than the verdict file holds: clean anew, without -FromVerdictPath, to see all.");
        }

        return run;
    }

    private static bool Loosens(CleaningRule rule, double old, double now) => rule.Direction == RuleDirection.Below ? now > old : now < old;

    private static Dictionary<string, T> Merge<T>(IReadOnlyDictionary<string, T> old, IReadOnlyDictionary<string, T> given)
    {
        var result = new Dictionary<string, T>(old, StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in given)
        {
            result[key] = value;
        }

        return result;
    }

    private void WriteAside(CleaningRun run, CleaningReport report)
    {
        foreach (var output in Outputs())
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(output)!);
        }

        if (VerdictPath is not null)
        {
            var path = PathHelper.ResolveNew(this, VerdictPath);
            VerdictFile.Write(path, run);
            report = report with { Outputs = [.. report.Outputs, CleaningReport.Hash(path)] };
        }

        if (RejectedPath is not null)
        {
            var path = PathHelper.ResolveNew(this, RejectedPath);
            using var writer = new DatasetWriter(path);
            foreach (var (record, verdicts) in run.RemovedRecords(Cancellation))
            {
                writer.Write(RejectedRecord.With(record, verdicts));
            }

            report = report with { Outputs = [.. report.Outputs, CleaningReport.Hash(writer.Complete().FullName)] };
        }

        if (ReportPath is not null)
        {
            report = report with { Outputs = [run.KeptHash(Cancellation), .. report.Outputs] };
            var (html, json) = HtmlReport.Write(PathHelper.ResolveNew(this, ReportPath), report);
            WriteVerbose($"Report: {html}, {json}");
        }
    }
}
