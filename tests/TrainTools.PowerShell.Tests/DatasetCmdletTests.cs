using System.Diagnostics;
using System.Management.Automation;

namespace TrainTools.PowerShell.Tests;

/// <summary>The five data-set cmdlets on small files.</summary>
public sealed class DatasetCmdletTests(Shell shell) : IClassFixture<Shell>, IDisposable
{
    private const string Story = "Once the keeper of the lighthouse saw a ship far out at sea, and he lit the lamp before the storm came in.";
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string Path(string name) => System.IO.Path.Combine(folder.Path, name);

    private string Data(params string[] lines) => folder.File("a.jsonl", string.Join('\n', lines) + "\n");

    private static string Pair(string prompt, string completion) => System.Text.Json.JsonSerializer.Serialize(new { prompt, completion });

    private string Dirty() => Data(
        Pair("Tell a story.", Story), Pair("tell a  story.", Story), Pair("Say hello.", "Hello."), Pair("Say nothing.", " "),
        Pair("Tell a story.", Story.Replace("far out", "far off", StringComparison.Ordinal)), Pair("Write to whom?", "Write to jane@acme-tools.com now."));

    [Fact]
    public void Records_go_down_a_pipeline_from_file_to_file()
    {
        var output = shell.Output(
            "Import-TrainingDataset $args[0] | Where-Object { $_.Prompt -ne 'Say hello.' } | Invoke-DatasetClean | Export-TrainingDataset $args[1] -PassThru", Dirty(), Path("b.jsonl"));
        Assert.Equal(Path("b.jsonl"), Assert.Single(output).ToString());
        Assert.Equal([Pair("Tell a story.", Story), Pair("Write to whom?", "Write to jane@acme-tools.com now.")], File.ReadAllLines(Path("b.jsonl")));
    }

    [Fact]
    public void A_bad_line_is_one_error_with_file_and_line_and_the_rest_goes_on()
    {
        var path = Data("{\"text\":\"a\"}", "{\"text\":", "{\"text\":\"c\"}");
        var result = shell.Run("Import-TrainingDataset $args[0]", path);
        Assert.Equal(["a", "c"], result.Output.Select(r => r.Text("Text")));
        var error = Assert.Single(result.Errors);
        Assert.StartsWith("DatasetLineInvalid,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith($"{path}(2): not valid JSON", error.ToString(), StringComparison.Ordinal);

        result = shell.Run("Import-TrainingDataset $args[0] -ErrorAction Stop", path);
        Assert.StartsWith("DatasetLineInvalid,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);

        var report = shell.Run("Invoke-DatasetClean $args[0] -AsReport", path);
        Assert.Equal(1L, Assert.Single(report.Output).Get("BadLines"));
    }

    [Fact]
    public void Nothing_is_lost_removed_records_verdicts_and_report_are_written_aside()
    {
        var kept = shell.Output(
            "Invoke-DatasetClean $args[0] -RejectedPath $args[1] -VerdictPath $args[2] -ReportPath $args[3] -Action @{ 'pii.email' = 'Mask' }",
            Dirty(), Path("rejected.jsonl"), Path("verdicts.jsonl"), Path("report.html"));
        Assert.Equal(3, kept.Count);
        Assert.Equal("Write to [EMAIL] now.", kept[2].Text("Completion"));
        var rejected = File.ReadAllLines(Path("rejected.jsonl"));
        Assert.Equal(3, rejected.Length);
        Assert.Contains("\"rule\":\"duplicate.exact\"", rejected[0], StringComparison.Ordinal);
        Assert.Contains("\"_source_line\":2", rejected[0], StringComparison.Ordinal);
        var page = File.ReadAllText(Path("report.html"));
        Assert.Contains("-Action @{ &#39;pii.email&#39; = &#39;Mask&#39; }", page, StringComparison.Ordinal);
        Assert.Contains("kept records as JSON Lines", page, StringComparison.Ordinal);
        Assert.True(File.Exists(Path("report.json")));

        // Deciding anew on the verdicts: no near duplicate is removed any more.
        var anew = shell.Output("Invoke-DatasetClean $args[0] -FromVerdictPath $args[1] -Threshold @{ 'duplicate.near' = 0.999 }", Path("a.jsonl"), Path("verdicts.jsonl"));
        Assert.Equal(4, anew.Count);
    }

    [Fact]
    public void WhatIf_only_reports()
    {
        var report = Assert.Single(shell.Output(
            "Invoke-DatasetClean $args[0] -RejectedPath $args[1] -VerdictPath $args[2] -ReportPath $args[1] -WhatIf", Dirty(), Path("x"), Path("y")));
        Assert.Equal((6, 3, 3), (report.Get("Records"), report.Get("Kept"), report.Get("Removed")));
        Assert.Equal([Path("a.jsonl")], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void An_order_easy_first_is_written_into_the_records()
    {
        shell.Output("Invoke-DatasetClean $args[0] -OrderBy Length | Export-TrainingDataset $args[1]", Dirty(), Path("b.jsonl"));
        var lines = File.ReadAllLines(Path("b.jsonl"));
        Assert.StartsWith("{\"prompt\":\"Say hello.\"", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(",\"curriculum_score\":1}", lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_is_measured_and_split()
    {
        var path = Data([.. Enumerable.Range(0, 50).Select(i => System.Text.Json.JsonSerializer.Serialize(new { text = $"{new Random(i).NextInt64()} {new Random(i + 99).NextInt64()}", label = i % 2 == 0 ? "a" : "b" }))]);
        var statistics = Assert.Single(shell.Output("Measure-TrainingDataset $args[0]", path));
        Assert.Equal(50L, statistics.Get("Records"));
        Assert.Equal(0.5, shell.Output("(Measure-TrainingDataset $args[0]).Labels[0].Share", path)[0].BaseObject);

        var split = Assert.Single(shell.Output("Split-TrainingDataset $args[0] -ValidationShare 0.2 -Stratify -DestinationPath $args[1]", path, Path("parts")));
        Assert.Equal((40, 10), (split.Get("TrainCount"), split.Get("ValidationCount")));
        Assert.Equal(10, File.ReadAllLines(System.IO.Path.Combine(Path("parts"), "validation.jsonl")).Length);
        Assert.StartsWith("FileExists,", shell.Error("Split-TrainingDataset $args[0] -DestinationPath $args[1]", path, Path("parts")).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Import-TrainingDataset nowhere.jsonl", "FileNotFound")]
    [InlineData("Invoke-DatasetClean $args[0] -Threshold @{ 'no.rule' = 1 }", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -Threshold @{ 'duplicate.near' = 'much' }", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -Action @{ 'pii.*' = 'Burn' }", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -OrderBy Loss", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -LossPath nowhere.txt", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -Threshold @{ 'duplicate.near' = 1.7 }", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -Action @{ 'duplicate.exact' = 'Mask' }", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -Action @{ 'pii.*' = 'Repair' }", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -Language xx", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -Script Klingon", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -VerdictPath same.jsonl -RejectedPath same.jsonl", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -FromVerdictPath $args[0]", "VerdictFileInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -ReportPath report.pdf", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -ReportPath ([System.IO.Path]::GetTempPath())", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -FromVerdictPath $args[0] -MaxLength 5", "CleaningOptionInvalid")]
    [InlineData("Invoke-DatasetClean $args[0] -PromptField nope", "DatasetFieldMissing")]
    [InlineData("Import-TrainingDataset $args[0] -TextField nope", "DatasetFieldMissing")]
    [InlineData("Measure-TrainingDataset $args[0] -LabelField nope", "DatasetFieldMissing")]
    [InlineData("Split-TrainingDataset $args[0] -ChosenField nope", "DatasetFieldMissing")]
    [InlineData("Split-TrainingDataset $args[0] -Stratify", "SplitInvalid")]
    [InlineData("Import-TrainingDataset $args[0] | Export-TrainingDataset table.xlsx", "DatasetFormatUnknown")]
    [InlineData("Import-TrainingDataset $args[0] | Where-Object { $false } | Export-TrainingDataset ($args[0] + '.parquet')", "DatasetEmpty")]
    [InlineData("@{ promt = 'a' } | Export-TrainingDataset ($args[0] + '.out.jsonl')", "ParameterArgumentTransformationError")]
    [InlineData("[pscustomobject]@{ promt = 'a' } | Invoke-DatasetClean", "ParameterArgumentTransformationError")]
    [InlineData("Split-TrainingDataset $args[0] -ValidationShare 0.9 -TestShare 0.9", "SplitInvalid")]
    [InlineData("Split-TrainingDataset $args[0] -GroupBy nothing", "SplitInvalid")]
    public void Wrong_input_is_one_error_with_a_stable_id(string script, string id)
    {
        var error = shell.Error(script, Dirty());
        Assert.Matches($"^(?:{id}|{id switch { "FileNotFound" => "DatasetNotFound|PathNotFound", _ => id }}),", error.FullyQualifiedErrorId);
    }

    [Theory]
    [InlineData("@{ prompt = 'a'; completion = 'b'; stars = 5 }")]
    [InlineData("[pscustomobject]@{ prompt = 'a'; completion = 'b'; stars = 5 }")]
    public void Objects_and_tables_with_the_fields_of_a_record_are_records(string row)
    {
        var path = Path("out.jsonl");
        shell.Output($"{row} | Export-TrainingDataset $args[0]", path);
        shell.Output($"{row} | Invoke-DatasetClean | Export-TrainingDataset $args[0] -Force", path);
        Assert.Equal("""{"prompt":"a","completion":"b","stars":5}""", Assert.Single(File.ReadAllLines(path)));
        Assert.Equal(2L, Assert.Single(shell.Output($"{row}, {row} | Measure-TrainingDataset")).Get("Records"));
    }

    [Theory]
    [InlineData("Path")]
    [InlineData("LiteralPath")]
    [InlineData("PSPath")]
    public void An_object_that_names_a_file_is_no_record(string property) =>
        Assert.Equal(6L, Assert.Single(shell.Output("[pscustomobject]@{ $args[1] = $args[0] } | Measure-TrainingDataset", Dirty(), property)).Get("Records"));

    [Fact]
    public void Folders_of_what_is_written_aside_are_made()
    {
        shell.Output("$null = Invoke-DatasetClean $args[0] -VerdictPath $args[1] -ReportPath $args[2]", Dirty(), Path("new/a/v.jsonl"), Path("new/b/r.html"));
        Assert.True(File.Exists(Path("new/a/v.jsonl")) && File.Exists(Path("new/b/r.json")));
    }

    [Fact]
    public void Export_writes_over_a_file_only_when_forced()
    {
        var path = Dirty();
        var error = shell.Error("Import-TrainingDataset $args[0] | Export-TrainingDataset $args[0]", path);
        Assert.StartsWith("FileExists,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        shell.Output("Invoke-DatasetClean $args[0] | Export-TrainingDataset $args[0] -Force", path);
        Assert.Equal(3, File.ReadAllLines(path).Length);
    }

    [Theory]
    [InlineData(0.3, true)]
    [InlineData(0.9, false)]
    public void A_loosened_threshold_on_a_verdict_file_is_warned_of(double threshold, bool warns)
    {
        var warnings = shell.Output(
            "$null = Invoke-DatasetClean $args[0] -VerdictPath $args[1]; Invoke-DatasetClean $args[0] -FromVerdictPath $args[1] -Threshold @{ 'quality.repetition' = $args[2] } -AsReport 3>&1 | Where-Object { $_ -like '*quality.repetition may find more*' }",
            Dirty(), Path("v.jsonl"), threshold);
        Assert.Equal(warns ? 1 : 0, warnings.Count);
    }

    [Fact]
    public void Probabilities_turn_the_search_for_wrong_labels_on_in_every_profile()
    {
        // 3 of 30 labels are called wrong with certainty by the file.
        var labels = Enumerable.Range(0, 30).Select(i => i % 2).ToArray();
        var path = Data([.. labels.Select((l, i) => $$"""{"text": "record number {{i}}", "label": "{{(i is 4 or 9 or 20 ? 1 - l : l)}}"}""")]);
        File.WriteAllBytes(Path("p.npy"), Npy(labels));
        var report = Assert.Single(shell.Output("Invoke-DatasetClean $args[0] -ProbabilityPath $args[1] -VerdictPath $args[2] -AsReport -WarningAction Ignore", path, Path("p.npy"), Path("v.jsonl")));
        Assert.Equal(30, report.Get("Kept"));
        var suspects = File.ReadLines(Path("v.jsonl")).Where(l => l.Contains("\"label.error\"", StringComparison.Ordinal)).ToList();
        Assert.Equal([4, 9, 20], suspects.Select(l => System.Text.Json.JsonDocument.Parse(l).RootElement.GetProperty("index").GetInt32()));

        Assert.StartsWith("ProbabilitiesMismatch,", shell.Error("Invoke-DatasetClean $args[0] -ProbabilityPath $args[1]", Dirty(), Path("p.npy")).FullyQualifiedErrorId, StringComparison.Ordinal);
        var warning = Assert.Single(shell.Output("Invoke-DatasetClean $args[0] -ProbabilityPath $args[1] -Include pii -AsReport 3>&1 | Where-Object { $_ -is [System.Management.Automation.WarningRecord] }", path, Path("p.npy")));
        Assert.StartsWith("label.error is off in this run. The file of probabilities is not used.", warning.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A NumPy file of probabilities for two classes: 0.95 for the given one.</summary>
    private static byte[] Npy(int[] classes)
    {
        var header = $"{{'descr': '<f8', 'fortran_order': False, 'shape': ({classes.Length}, 2), }}".PadRight(117) + "\n";
        return
        [
            0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)header.Length), .. System.Text.Encoding.ASCII.GetBytes(header),
            .. classes.SelectMany(k => new[] { k == 0 ? 0.95 : 0.05, k == 1 ? 0.95 : 0.05 }).SelectMany(BitConverter.GetBytes),
        ];
    }

    [Theory]
    [InlineData("Invoke-DatasetClean $args[0] -VerdictPath $args[0] -Force")]
    [InlineData("Invoke-DatasetClean $args[0] -RejectedPath $args[0] -Force")]
    [InlineData("Import-TrainingDataset $args[0] | Invoke-DatasetClean -RejectedPath $args[0] -Force")]
    public void The_data_are_never_written_over_by_what_cleaning_writes_aside(string script)
    {
        var path = Dirty();
        var before = File.ReadAllText(path);
        Assert.StartsWith("CleaningOptionInvalid,", shell.Error(script, path).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(path));
    }

    [Theory]
    [InlineData("ReportPath", "r.json")]
    [InlineData("VerdictPath", "v.jsonl")]
    [InlineData("RejectedPath", "x.jsonl")]
    public void What_cleaning_writes_aside_goes_over_a_file_only_when_forced(string parameter, string name)
    {
        var path = Dirty();
        var given = Path(parameter == "ReportPath" ? "r.html" : name);
        File.WriteAllText(Path(name), "old");
        var error = shell.Error($"Invoke-DatasetClean $args[0] -{parameter} $args[1]", path, given);
        Assert.StartsWith("FileExists,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        shell.Output($"Invoke-DatasetClean $args[0] -{parameter} $args[1] -WhatIf", path, given);
        Assert.Equal("old", File.ReadAllText(Path(name)));
        shell.Output($"Invoke-DatasetClean $args[0] -{parameter} $args[1] -Force", path, given);
        Assert.NotEqual("old", File.ReadAllText(Path(name)));
    }

    [Theory]
    [InlineData("$r = Import-TrainingDataset $args[0]; & { while ($true) { $r } } | Export-TrainingDataset $args[1]")]
    [InlineData("$r = Import-TrainingDataset $args[0]; & { while ($true) { $r } } | Export-TrainingDataset ($args[1] + '.gz')")]
    public void A_stopped_pipeline_leaves_no_partial_file(string script)
    {
        using var other = new Shell();
        using var running = System.Management.Automation.PowerShell.Create(other.Runspace);
        running.AddScript(script).AddArgument(Dirty()).AddArgument(Path("b.jsonl"));
        _ = running.BeginInvoke();
        var started = Stopwatch.StartNew();
        while (Directory.GetFiles(folder.Path).Length < 2)
        {
            Assert.True(started.Elapsed < TimeSpan.FromMinutes(2), "nothing was written");
            Thread.Sleep(20);
        }

        running.Stop();
        Assert.Equal([Path("a.jsonl")], Directory.GetFiles(folder.Path));
    }
}
