using System.Management.Automation;
using TrainTools.Host.UserInterface;

namespace TrainTools.PowerShell.Tests.Host;

public sealed class ProgressLineTests
{
    private static readonly ProgressRecord Completed = new(1, "Fine-tuning", "Done") { RecordType = ProgressRecordType.Completed };

    [Fact]
    public void Redirected_output_gets_a_line_for_each_tenth_of_the_work()
    {
        var terminal = new FakeTerminal();
        var line = new ProgressLine(terminal, new ManualTime());
        for (var step = 1; step <= 200; step++)
        {
            line.Show(Record(step, 200));
        }

        line.Show(Completed);
        var lines = Lines(terminal);
        Assert.Equal(11, lines.Count);
        Assert.StartsWith("Fine-tuning    0 %  step 1/200", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("Fine-tuning  100 %  step 200/200", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Redirected_output_gets_a_line_every_ten_seconds_of_slow_work()
    {
        var terminal = new FakeTerminal();
        var time = new ManualTime();
        var line = new ProgressLine(terminal, time);
        for (var step = 1; step <= 10; step++)
        {
            line.Show(Record(step, 10_000));
            time.Advance(TimeSpan.FromSeconds(4));
        }

        // Shown at 0 s, 12 s, 24 s and 36 s.
        Assert.Equal(4, Lines(terminal).Count);
    }

    [Fact]
    public void Redirected_output_shows_where_the_work_ended()
    {
        var terminal = new FakeTerminal();
        var line = new ProgressLine(terminal, new ManualTime());
        line.Show(Record(1, 100));
        line.Show(Record(8, 100));
        line.Show(Completed);
        Assert.Contains("step 8/100", Lines(terminal)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_gets_one_line_drawn_again_in_place()
    {
        var terminal = new FakeTerminal { IsInteractive = true };
        var line = new ProgressLine(terminal, new ManualTime());
        line.Show(Record(1, 4));
        line.Show(Record(2, 4));
        line.Show(Completed);
        var written = terminal.Written.ToString();
        Assert.DoesNotContain('\n', written);
        Assert.Equal(3, written.Split("\r\u001b[K").Length);
        Assert.Contains("[##########..........]  50 %  step 2/4  0:02 left", written, StringComparison.Ordinal);
        Assert.EndsWith("\r\u001b[K", written, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_is_never_wider_than_the_terminal()
    {
        var terminal = new FakeTerminal { IsInteractive = true, Width = 40 };
        new ProgressLine(terminal, new ManualTime()).Show(new ProgressRecord(1, new string('a', 100), "status"));
        Assert.Equal(39, terminal.Written.ToString().Length);
    }

    [Theory]
    [InlineData(120, "Fine-tuning a-model  [##########..........]  50 %  step 50/100  loss 1.25  0:50 left")]
    [InlineData(80, "Fine-tuning a-model   50 %  step 50/100  loss 1.25  0:50 left")]
    [InlineData(50, " 50 %  step 50/100  loss 1.25  0:50 left")]
    public void A_narrow_line_goes_without_the_bar_and_then_without_the_name(int width, string expected)
    {
        var terminal = new FakeTerminal { IsInteractive = true, Width = width };
        new ProgressLine(terminal, new ManualTime()).Show(
            new ProgressRecord(1, "Fine-tuning a-model", "step 50/100  loss 1.25") { PercentComplete = 50, SecondsRemaining = 50 });
        Assert.Equal(expected, terminal.Written.ToString());
    }

    [Fact]
    public void Output_is_written_above_the_line()
    {
        var terminal = new FakeTerminal { IsInteractive = true };
        var ui = new ConsoleUserInterface(terminal);
        ui.WriteProgress(0, new ProgressRecord(1, "Work", "one"));
        ui.WriteWarningLine("careful");
        Assert.Equal($"Work  one\r\u001b[KWARNING: careful{Environment.NewLine}Work  one", terminal.Written.ToString());
        ui.EndProgress();
        Assert.EndsWith("\r\u001b[K", terminal.Written.ToString(), StringComparison.Ordinal);
    }

    private static ProgressRecord Record(int step, int of) => new(1, "Fine-tuning", $"step {step}/{of}")
    {
        PercentComplete = 100 * step / of,
        SecondsRemaining = of - step,
    };

    private static List<string> Lines(FakeTerminal terminal) =>
        [.. terminal.Written.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)];

    private sealed class ManualTime : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => now;

        public void Advance(TimeSpan by) => now += by.Ticks;
    }
}
