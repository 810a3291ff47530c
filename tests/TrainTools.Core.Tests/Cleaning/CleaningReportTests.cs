using System.Text.Json;

using TrainTools.Core.Cleaning;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Cleaning.Reports;
using TrainTools.Core.Data.Writing;
using TrainTools.Core.Errors;
using TrainTools.Core.Tests.Datasets;
using static TrainTools.Core.Tests.Cleaning.CleaningCase;

namespace TrainTools.Core.Tests.Cleaning;

/// <summary>Reports, verdict files, and deciding anew on them.</summary>
public sealed class CleaningReportTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FileRecordSource _source;

    public CleaningReportTests()
    {
        var lines = Plain(40).ToList();
        lines.Add(lines[3]);
        lines.Add(lines[4].Replace("valley", "volley", StringComparison.Ordinal));
        lines.Add(Pair("Say <script>alert(1)</script>.", " "));
        _source = new FileRecordSource([_folder.Write("a.jsonl", string.Join('\n', lines))], new());
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_report_says_what_went_in_and_out_by_rule_with_hashes()
    {
        using var run = new DatasetCleaner().Run(_source);
        var report = run.Report() with { Command = "Invoke-DatasetClean a.jsonl", Outputs = [run.KeptHash()] };
        Assert.Equal((43, 40, 3), (report.Records, report.Kept, report.Removed));
        Assert.Equal(["duplicate.exact", "duplicate.near", "structure.empty_answer"], report.Rules.Where(r => r.Removed > 0).Select(r => r.Rule).Order());
        Assert.Equal(43, report.LengthHistogram.Sum(b => b.Before));
        Assert.Equal(40, report.LengthHistogram.Sum(b => b.After));
        Assert.Equal(new Dictionary<int, int> { [2] = 2 }, report.DuplicateGroups);

        // The hash of the kept records is that of the file they are written to.
        using var writer = new DatasetWriter(_folder.File("out.jsonl"));
        foreach (var record in run.KeptRecords())
        {
            writer.Write(record);
        }

        var file = CleaningReport.Hash(writer.Complete().FullName);
        Assert.Equal((file.Bytes, file.Sha256), (report.Outputs[0].Bytes, report.Outputs[0].Sha256));

        var (html, json) = HtmlReport.Write(_folder.File("report.html"), report);
        var page = File.ReadAllText(html);
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?:src|href)\\s*=", page);
        Assert.Contains("Invoke-DatasetClean a.jsonl", page, StringComparison.Ordinal);
        Assert.Contains(report.Inputs[0].Sha256, page, StringComparison.Ordinal);
        using var parsed = JsonDocument.Parse(File.ReadAllBytes(json));
        Assert.Equal(3, parsed.RootElement.GetProperty("removed").GetInt32());
    }

    [Theory]
    [InlineData(0.99, 41)]
    [InlineData(0.75, 40)]
    public void Thresholds_can_be_changed_on_the_verdict_file(double threshold, int kept)
    {
        var path = _folder.File("verdicts.jsonl");
        using (var run = new DatasetCleaner().Run(_source))
        {
            VerdictFile.Write(path, run);
        }

        var (header, verdicts) = VerdictFile.Read(path);
        var options = header.Options with { Thresholds = new Dictionary<string, double> { ["duplicate.near"] = threshold } };
        using var replayed = new DatasetCleaner(options).Replay(_source, header, verdicts);
        using var fresh = new DatasetCleaner(options).Run(_source);
        Assert.Equal(kept, replayed.Kept);
        Assert.Equal(fresh.KeptRecords().Select(r => r.Index), replayed.KeptRecords().Select(r => r.Index));
    }

    [Fact]
    public void Verdicts_of_other_records_are_refused()
    {
        var path = _folder.File("verdicts.jsonl");
        using (var run = new DatasetCleaner().Run(_source))
        {
            VerdictFile.Write(path, run);
        }

        var (header, verdicts) = VerdictFile.Read(path);
        var other = new FileRecordSource([_folder.Write("b.jsonl", Pair("a", "b."))], new());
        Assert.Equal(ErrorIds.VerdictFileInvalid, Assert.Throws<TrainToolsException>(() => new DatasetCleaner(header.Options).Replay(other, header, verdicts)).ErrorId);
    }

    [Fact]
    public void Verdicts_of_a_file_that_has_changed_since_are_refused()
    {
        var path = _folder.File("verdicts.jsonl");
        using (var run = new DatasetCleaner().Run(_source))
        {
            VerdictFile.Write(path, run);
        }

        var (header, verdicts) = VerdictFile.Read(path);
        var lower = header.Options with { Thresholds = new Dictionary<string, double> { ["duplicate.near"] = 0.5 } };
        Assert.Equal(ErrorIds.CleaningOptionInvalid, Assert.Throws<TrainToolsException>(() => new DatasetCleaner(lower).Replay(_source, header, verdicts)).ErrorId);
        var data = _source.Files[0];
        File.WriteAllText(data, File.ReadAllText(data).Replace("valley", "meadow", StringComparison.Ordinal));
        Assert.Equal(ErrorIds.VerdictFileInvalid, Assert.Throws<TrainToolsException>(() => new DatasetCleaner(header.Options).Replay(_source, header, verdicts)).ErrorId);
    }

    [Theory]
    [InlineData("", "(1)")]
    [InlineData("{\"a\": 1}", "(1)")]
    [InlineData("not json", "(1)")]
    public void A_file_that_holds_no_verdicts_is_refused(string content, string place)
    {
        var error = Assert.Throws<TrainToolsException>(() => VerdictFile.Read(_folder.Write("x.jsonl", content)));
        Assert.Equal(ErrorIds.VerdictFileInvalid, error.ErrorId);
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_removed_record_comes_with_its_verdicts()
    {
        using var run = new DatasetCleaner().Run(_source);
        var removed = run.RemovedRecords().ToList();
        Assert.Equal([40L, 41, 42], removed.Select(r => r.Record.Index));
        Assert.All(removed, r => Assert.Contains(r.Verdicts, v => v.Action == CleaningAction.Remove));
        Assert.Equal(run.Records, run.Kept + removed.Count);
    }
}
