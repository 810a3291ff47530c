namespace TrainTools.PowerShell.Tests;

/// <summary>Get-TrainingSample on the example's model and data.</summary>
public sealed class GetTrainingSampleTests(Shell shell) : IClassFixture<Shell>, IDisposable
{
    private const string Config = "$c = New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1]; ";
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Rows_show_text_mask_and_places()
    {
        var rows = shell.Output(Config + "$c | Get-TrainingSample", Example.Model, Example.FewRecords(folder, 3));
        Assert.Equal(3, rows.Count);
        Assert.Equal("few-3.jsonl(1)", Assert.Single((IEnumerable<string>)rows[0].Get("Places")!));
        var learnt = Assert.Single((IEnumerable<string>)rows[0].Get("SupervisedText")!);
        Assert.EndsWith(learnt, rows[0].Get("Text")!.ToString(), StringComparison.Ordinal);
        Assert.Contains("⟦" + learnt + "⟧", rows[0].BaseObject.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_may_be_replaced_and_records_sent_down_the_pipeline()
    {
        var rows = shell.Output(
            Config + "Import-TrainingDataset $args[1] | Get-TrainingSample -Config $c -Set packing=true, max_length=256", Example.Model, Example.FewRecords(folder, 12));
        Assert.True(rows.Count < 12);
        Assert.Equal(12, rows.Sum(r => ((IEnumerable<long>)r.Get("Records")!).Count()));
    }

    [Fact]
    public void Records_are_found_by_the_number_that_diagnoses_name()
    {
        var row = Assert.Single(shell.Output(Config + "$c | Get-TrainingSample -Index 2", Example.Model, Example.FewRecords(folder, 5)));
        Assert.Equal([2L], (IEnumerable<long>)row.Get("Records")!);
        Assert.StartsWith("SampleNotFound", shell.Error(Config + "$c | Get-TrainingSample -Index 99", Example.Model, Example.FewRecords(folder, 5)).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void The_view_tells_the_row_and_its_share()
    {
        // The view itself, since Out-String belongs to another module.
        var view = shell.Output(
            Config + """
            $_ = $c | Get-TrainingSample -Index 0
            $control = ([xml][System.IO.File]::ReadAllText("$((Get-Module TrainTools).ModuleBase)/TrainTools.Sample.Format.ps1xml")).Configuration.ViewDefinitions.View[0].CustomControl
            $_ | ForEach-Object ([scriptblock]::Create($control.CustomEntries.CustomEntry.CustomItem.ExpressionBinding.ScriptBlock))
            """, Example.Model, Example.FewRecords(folder, 2));
        var text = Assert.Single(view).ToString()!;
        Assert.StartsWith("training row 0: few-2.jsonl(1)\n", text, StringComparison.Ordinal);
        Assert.Matches(@"\d+ tokens, \d+ learnt \(\d+\.\d %, between ⟦ and ⟧\)", text);
    }

    [Theory]
    [InlineData("Get-TrainingSample nowhere.yaml", "ConfigFileNotFound")]
    [InlineData("New-TrainingConfig -ModelPath nowhere -DatasetPath $args[1] | Get-TrainingSample", "ModelFolderNotFound")]
    [InlineData("New-TrainingConfig -ModelPath $args[0] -DatasetPath nowhere.jsonl | Get-TrainingSample", "DatasetNotFound")]
    [InlineData("New-TrainingConfig -ModelPath $args[0] | Get-TrainingSample", "ConfigValueInvalid")]
    [InlineData("New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] | Get-TrainingSample -Validation", "ConfigValueInvalid")]
    [InlineData("New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] | Get-TrainingSample -Set max_lenght=3", "ConfigKeyUnknown")]
    [InlineData("New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] | Get-TrainingSample -Set assistant_only_loss=true", "RecordShapeUnsupported")]
    public void Wrong_input_is_one_clear_error(string script, string errorId) =>
        Assert.StartsWith(errorId, shell.Error(script, Example.Model, Example.FewRecords(folder, 2)).FullyQualifiedErrorId, StringComparison.Ordinal);
}
