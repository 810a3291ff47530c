using System.Collections.ObjectModel;
using System.Management.Automation.Host;
using TrainTools.Host.UserInterface;

namespace TrainTools.PowerShell.Tests.Host;

public sealed class ConsoleUserInterfaceTests
{
    private static readonly Collection<ChoiceDescription> YesNo = [new("&Yes"), new("&No")];

    [Fact]
    public void Colours_are_taken_out_where_the_output_is_not_a_terminal()
    {
        var terminal = new FakeTerminal();
        new ConsoleUserInterface(terminal).WriteLine("\u001b[32;1mName\u001b[0m");
        Assert.Equal("Name" + Environment.NewLine, terminal.Written.ToString());
    }

    [Fact]
    public void Colours_stay_on_a_terminal_and_end_before_the_line_does()
    {
        var terminal = new FakeTerminal { IsInteractive = true, SupportsColor = true };
        new ConsoleUserInterface(terminal).WriteWarningLine("careful");
        Assert.EndsWith("WARNING: careful\u001b[0m" + Environment.NewLine, terminal.Written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_go_to_the_error_stream()
    {
        var terminal = new FakeTerminal();
        new ConsoleUserInterface(terminal).WriteErrorLine("bad");
        Assert.Equal("bad" + Environment.NewLine, terminal.Errors.ToString());
        Assert.Empty(terminal.Written.ToString());
    }

    [Theory]
    [InlineData("n", 1)]
    [InlineData("YES", 0)]
    [InlineData("", 0)]
    public void A_choice_is_made_by_key_label_or_default(string typed, int expected)
    {
        var ui = new ConsoleUserInterface(new FakeTerminal().Types(typed));
        Assert.Equal(expected, ui.PromptForChoice("Confirm", "Sure?", YesNo, 0));
    }

    [Fact]
    public void A_question_is_asked_again_until_it_is_answered()
    {
        var ui = new ConsoleUserInterface(new FakeTerminal().Types("maybe", "no"));
        Assert.Equal(1, ui.PromptForChoice("Confirm", "Sure?", YesNo, 0));
    }

    [Fact]
    public void A_question_that_nobody_can_answer_is_an_error_and_does_not_wait()
    {
        var ui = new ConsoleUserInterface(new FakeTerminal());
        Assert.Throws<HostException>(() => ui.PromptForChoice("Confirm", "Sure?", YesNo, -1));
    }
}
