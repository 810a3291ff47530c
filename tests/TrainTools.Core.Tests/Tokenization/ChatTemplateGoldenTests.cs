using System.Text.Json.Nodes;
using TrainTools.Core.Tokenization.Chat.Jinja;
using TrainTools.Parity;
using TrainTools.Parity.ChatTemplates;

namespace TrainTools.Core.Tests.Tokenization;

/// <summary>
/// Renderings by Jinja2 itself, in the environment that transformers sets up, and those of other renderers that Jinja2
/// agrees with; bench/Parity runs the same comparisons on any folder.
/// </summary>
public class ChatTemplateGoldenTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Data", "chat-templates");

    private static readonly Dictionary<string, ParityCase> ByName = new ChatTemplateParitySuite().Find(Folder).ToDictionary(c => c.Name, StringComparer.Ordinal);

    public static TheoryData<string> Cases { get; } = new(ByName.Keys);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Renders_as_Jinja2_does(string name)
    {
        var results = ByName[name].Run().ToList();

        Assert.NotEmpty(results);
        Assert.All(results, r => Assert.True(r.Passed, $"{r.What}: {r.Detail}"));
    }

    [Fact]
    public void Every_golden_row_is_among_them()
    {
        var counts = ByName.Values.SelectMany(c => c.Run()).Select(r => int.Parse(r.What.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)).ToList();

        Assert.Equal(77, counts.Count);
        Assert.Equal(507 + 52 + 23, counts.Sum());
    }

    [Fact]
    public void Spans_are_the_same_text_in_code_points_and_in_units()
    {
        var messages = JsonNode.Parse("""[{"role":"user","content":"🤗 é"},{"role":"assistant","content":"👍🏽 日本"},{"role":"assistant","content":"x"}]""");
        const string Template = "{% for m in messages %}{{ m.role }}:{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% endif %};{% endfor %}";

        var result = JinjaTemplate.Parse(Template).Render([new("messages", messages)], DateTimeOffset.UnixEpoch);

        Assert.Equal(["👍🏽 日本", "x"], result.AssistantSpans.Select(s => result.Text[s.StartUnit..s.EndUnit]));
        Assert.All(result.AssistantSpans, s => Assert.Equal(s.End - s.Start, result.Text[s.StartUnit..s.EndUnit].EnumerateRunes().Count()));
    }
}
