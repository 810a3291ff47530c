using System.Diagnostics;
using System.Text.Json.Nodes;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization.Chat;
using TrainTools.Core.Tokenization.Chat.Jinja;

namespace TrainTools.Core.Tests.Tokenization;

public class ChatTemplateTests
{
    [Theory]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{{ 'x' * 1000000000 }}")]
    [InlineData("{{ range(1000000000) | list }}")]
    [InlineData("{{ 'a' | center(999999999) }}")]
    [InlineData("{% set ns = namespace(s='xxxxxxxxxx') %}{% for i in range(1000) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for i in range(1000) %}{% set ns.s = ns.s | replace('a', ns.s) %}{% endfor %}")]
    [InlineData("{% for a in range(9999) %}{% for b in range(9999) %}{{ 'some text' }}{% endfor %}{% endfor %}")]
    [InlineData("{{ '%999999999d' % 1 }}")]
    [InlineData("{{ 9 ** 9 ** 9 ** 9 }}")]
    public void A_template_that_would_never_end_is_stopped(string source)
    {
        var clock = Stopwatch.StartNew();
        var error = Assert.Throws<TrainToolsException>(() => new ChatTemplate(source).Render([]));
        Assert.Contains(error.ErrorId, (string[])[ErrorIds.ChatTemplateUnbounded, ErrorIds.ChatTemplateFailed]);
        Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), "a bound, not a speed");
    }

    [Fact]
    public void Deep_nesting_is_refused_without_ending_the_process()
    {
        var parentheses = "{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}";
        var branches = string.Concat(Enumerable.Repeat("{% if true %}", 100_000));
        var negations = "{{ " + string.Concat(Enumerable.Repeat("not ", 100_000)) + "1 }}";
        foreach (var source in new[] { parentheses, branches, negations })
        {
            Assert.Equal(ErrorIds.ChatTemplateInvalid, Assert.Throws<TrainToolsException>(() => new ChatTemplate(source)).ErrorId);
        }
    }

    [Fact]
    public void A_template_cannot_change_what_it_is_given()
    {
        var error = Assert.Throws<TrainToolsException>(() => new ChatTemplate("{{ messages.append(1) }}").Render([]));
        Assert.Equal("SecurityError", Assert.IsType<JinjaException>(error.InnerException).PythonType);
    }

    [Fact]
    public void A_syntax_error_names_file_and_line()
    {
        var error = Assert.Throws<TrainToolsException>(() => new ChatTemplate("a\n{% if x %}\nb", name: "chat_template.jinja"));
        Assert.Equal(ErrorIds.ChatTemplateInvalid, error.ErrorId);
        Assert.StartsWith("chat_template.jinja, line 3: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("endif", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_end_is_told_from_what_fails_on_a_conversation()
    {
        var endless = Assert.Throws<TrainToolsException>(() => new ChatTemplate("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", name: "t.jinja").Render([]));
        Assert.Equal(ErrorIds.ChatTemplateUnbounded, endless.ErrorId);
        Assert.Equal("t.jinja was stopped: the template did not end within 5000000 operations.", endless.Message);
        Assert.Contains("chat_template_path", endless.Remedy, StringComparison.Ordinal);
        var failing = Assert.Throws<TrainToolsException>(() => new ChatTemplate("{{ messages[7].role }}").Render([]));
        Assert.Equal(ErrorIds.ChatTemplateFailed, failing.ErrorId);
    }

    [Fact]
    public void What_the_template_refuses_is_told_in_its_words()
    {
        var template = new ChatTemplate("{% if messages[0].role != 'user' %}\n{{ raise_exception('Conversations start with the user') }}{% endif %}", name: "chat_template.jinja");
        var error = Assert.Throws<TrainToolsException>(() => template.Render([new ChatMessage("assistant", "Hi")]));
        Assert.Equal(ErrorIds.ChatTemplateFailed, error.ErrorId);
        Assert.Equal("chat_template.jinja, line 2 refuses the conversation: Conversations start with the user", error.Message);
        Assert.Contains("chat_template_path", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_of_a_message_reach_the_template_and_edits_win()
    {
        var message = new ChatMessage("assistant", "edited")
        {
            Extra = (JsonObject)JsonNode.Parse("""{"role": "assistant", "content": "as it was", "tool_calls": [{"function": {"name": "f"}}]}""")!,
        };
        var template = new ChatTemplate("{{ messages[0].content }}|{{ messages[0].tool_calls[0].function.name }}|{{ eos_token }}", [new("eos_token", "</s>")]);
        Assert.Equal("edited|f|</s>", template.Render([message]).Text);
    }

    [Fact]
    public void Spans_are_given_in_code_points_and_units()
    {
        var template = new ChatTemplate("🦙{% generation %}a🦙b{% endgeneration %}");
        Assert.True(template.MarksAssistantText);
        var span = Assert.Single(template.Render([]).AssistantSpans);
        Assert.Equal(new TextSpan(1, 4, 2, 6), span);
    }

    [Theory]
    [InlineData("%d %b %Y", "05 Mar 2026")]
    [InlineData("%-d %B %Y, %A %j", "5 March 2026, Thursday 064")]
    [InlineData("%Y-%m-%dT%H:%M:%S %I %p %%", "2026-03-05T14:07:09 02 PM %")]
    public void Dates_are_written_as_by_strftime(string format, string expected)
    {
        var template = new ChatTemplate("{{ strftime_now('" + format + "') }}");
        Assert.Equal(expected, template.Render([], now: new DateTimeOffset(2026, 3, 5, 14, 7, 9, TimeSpan.Zero)).Text);
    }

    [Theory]
    [InlineData(1e16, "1e+16")]
    [InlineData(123456789012345680.0, "1.2345678901234568e+17")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(100.0, "100.0")]
    [InlineData(-0.1, "-0.1")]
    [InlineData(1.5e300, "1.5e+300")]
    public void Floats_are_written_as_by_Python(double value, string expected) =>
        Assert.Equal(expected, JinjaTemplate.Parse("{{ x }}").Render([new("x", JsonValue.Create(value))], DateTimeOffset.UnixEpoch).Text);
}
