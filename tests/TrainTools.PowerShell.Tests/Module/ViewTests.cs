using System.Text.RegularExpressions;
using TrainTools.Host;
using TrainTools.PowerShell.Tests.Host;

namespace TrainTools.PowerShell.Tests.Module;

/// <summary>What a person sees: as wide as the window and not wider, severities in colour only where colours are wanted.</summary>
public sealed partial class ViewTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(80)]
    [InlineData(200)]
    public void Tables_and_lists_keep_to_the_window(int width)
    {
        var lines = Show(width, color: false);
        Assert.All(lines, l => Assert.True(l.Length <= width, $"{l.Length}: {l}"));
        Assert.Contains(lines, l => l.StartsWith("Warning  WeightDecayZero", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("night", StringComparison.Ordinal) && l.Contains("Completed", StringComparison.Ordinal));
        if (width == 200)
        {
            Assert.Contains(lines, l => l.Length > 100);
        }
    }

    [Fact]
    public void Severities_are_coloured_on_a_terminal()
    {
        var finding = Show(80, color: true).First(l => l.Contains("WeightDecayZero", StringComparison.Ordinal));
        Assert.Matches(@"^\x1b\[\d.*mWarning\x1b\[0m", finding);
    }

    [Fact]
    public void Nothing_is_coloured_where_output_is_redirected() => Assert.DoesNotMatch(Escape(), string.Join('\n', Show(80, color: false)));

    private string[] Show(int width, bool color)
    {
        var data = Example.FewRecords(folder, 12);
        folder.File("night/run.json", """{"state":"completed","process_id":1,"host":"h","result":{"event":"result","state":"completed","steps":20,"first_loss":3.5,"final_loss":1.25,"train_seconds":10,"num_input_tokens":5000}}""");
        var terminal = new FakeTerminal { Width = width, IsInteractive = color, SupportsColor = color };
        using (var session = new HostSession(Shell.Manifest, terminal))
        {
            var command =
                $"""
                New-TrainingConfig -ModelPath '{Example.Model}' -DatasetPath '{data}' -WeightDecay 0 -LearningRate 0.02 -Epochs 3 | Test-TrainingConfig | Out-Default
                New-TrainingConfig -ModelPath '{Example.Model}' -DatasetPath '{data}' | Out-Default
                Get-FineTuneRun '{folder.Path}/night' | Out-Default
                Import-TrainingDataset '{data}' | Out-Default
                Measure-TrainingDataset '{data}' -SkipDuplicate | Out-Default
                Invoke-DatasetClean '{data}' -AsReport | Out-Default
                """;
            Assert.Equal(0, session.Run(new HostOptions(null, command, [])));
        }

        return terminal.Written.ToString().Split('\n').Select(l => l.TrimEnd('\r')).ToArray();
    }

    [GeneratedRegex(@"\x1b\[")]
    private static partial Regex Escape();
}
