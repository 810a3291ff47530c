using System.Diagnostics;
using System.Text.RegularExpressions;

namespace TrainTools.PowerShell.Tests.Host;

/// <summary>Colours as a process of its own shows them: on a terminal, under NO_COLOR, in plain text and redirected.</summary>
public sealed partial class ColorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Redirected_output_has_no_escape_sequence()
    {
        var (exitCode, output, error) = HostProcess.Run(Script());
        Assert.Equal(1, exitCode);
        AssertShown(output + error);
        Assert.DoesNotMatch(Escape(), output);
        Assert.DoesNotMatch(Escape(), error);
    }

    [Fact]
    public void A_terminal_is_coloured()
    {
        if (OnTerminal() is { } shown)
        {
            AssertShown(shown);
            Assert.Matches(@"\x1b\[[\d;]+mWarning\x1b\[0m +WeightDecayZero", shown);
            Assert.Matches(@"\x1b\[[\d;]+mCompleted\x1b\[0m", shown);
        }
    }

    [Theory]
    [InlineData("NO_COLOR=1", "")]
    [InlineData("NO_COLOR=", "$PSStyle.OutputRendering = 'PlainText'")]
    public void A_terminal_without_colours_gets_none(string variable, string first)
    {
        if (OnTerminal(variable, first) is { } shown)
        {
            AssertShown(shown);
            Assert.DoesNotMatch(Color(), shown);
        }
    }

    private string Script(string first = "")
    {
        var data = Example.FewRecords(folder, 12);
        folder.File("night/run.json", """{"state":"completed","process_id":1,"host":"h","result":{"event":"result","state":"completed","steps":20,"first_loss":3.5,"final_loss":1.25,"train_seconds":10,"num_input_tokens":5000}}""");
        folder.File("broken/run.json", """{"state":"failed","process_id":1,"host":"h","error":{"error_id":"TrainerFailed","kind":"Unexpected","message":"Out of memory.","remedy":"Less."}}""");
        return folder.File("show.ps1", $"""
            {first}
            $config = New-TrainingConfig -ModelPath '{Example.Model}' -DatasetPath '{data}' -WeightDecay 0 -LearningRate 0.02 -Epochs 3
            $config | Out-Default
            $config | Test-TrainingConfig | Out-Default
            $config | Get-TrainingSample | Out-Default
            Get-FineTuneRun '{folder.Path}/night', '{folder.Path}/broken' | Out-Default
            Import-TrainingDataset '{data}' | Out-Default
            Measure-TrainingDataset '{data}' -SkipDuplicate | Out-Default
            Invoke-DatasetClean '{data}' -AsReport | Out-Default
            Stop-FineTune '{folder.Path}/night'
            Import-TrainingConfig nowhere.yaml -ErrorAction Stop
            """);
    }

    // What is shown on a terminal; null where there is no `script` to make one.
    private string? OnTerminal(string variable = "NO_COLOR=", string first = "")
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/script"))
        {
            return null;
        }

        var start = new ProcessStartInfo("/usr/bin/script", ["-qec", $"env {variable} TERM=xterm '{HostProcess.Dotnet}' '{HostProcess.Assembly}' '{Script(first)}'", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var shown = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return shown;
    }

    private static void AssertShown(string text)
    {
        foreach (var part in (string[])["WeightDecayZero", "Completed", "Failed", "tokens", "nothing to stop", "nowhere.yaml"])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    [GeneratedRegex(@"\x1b")]
    private static partial Regex Escape();

    // A terminal's line of progress is taken away with other sequences than colours.
    [GeneratedRegex(@"\x1b\[[\d;]*m")]
    private static partial Regex Color();
}
