using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrainTools.Core.Tokenization.Chat.Jinja;

namespace TrainTools.Core.Tests.Tokenization;

/// <summary>Renderings by Jinja2 itself, in the environment that transformers sets up.</summary>
public class ChatTemplateGoldenTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Data", "chat-templates");

    private static readonly DateTimeOffset Now = new(2025, 7, 10, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Templates()
    {
        var data = new TheoryData<string>();
        data.AddRange([.. File.ReadLines(Path.Combine(Folder, "golden_jinja2.jsonl"))
            .Select(l => (string)JsonNode.Parse(l)!["template"]!).Distinct()]);
        return data;
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Renders_as_Jinja2_does(string template)
    {
        var cases = ((JsonArray)JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "cases.json")))!["cases"]!)
            .ToDictionary(c => (string)c!["case"]!, c => c!);
        var source = File.ReadAllText(Path.Combine(Folder, template));
        var rows = File.ReadLines(Path.Combine(Folder, "golden_jinja2.jsonl")).Select(l => JsonNode.Parse(l)!).Where(r => (string)r["template"]! == template).ToList();
        Assert.NotEmpty(rows);
        foreach (var row in rows)
        {
            var c = cases[(string)row["case"]!];
            var variables = new Dictionary<string, JsonNode?>
            {
                ["messages"] = c["messages"],
                ["add_generation_prompt"] = c["add_generation_prompt"],
                ["bos_token"] = row["bos_token"],
                ["eos_token"] = row["eos_token"],
                ["tools"] = c["tools"],
            };
            if ((string?)row["error"] is { } error)
            {
                var e = Assert.Throws<JinjaException>(() => JinjaTemplate.Parse(source).Render(variables, Now));
                Assert.Equal(error, $"{e.PythonType}: {e.Message}");
                continue;
            }

            var result = JinjaTemplate.Parse(source).Render(variables, Now);
            Assert.Equal((string)row["expected"]!, result.Text);
            var spans = row["assistant_spans"] as JsonArray ?? [];
            Assert.Equal(spans.Select(s => ((int)s![0]!, (int)s[1]!)), result.AssistantSpans.Select(s => (s.Start, s.End)));
            Assert.All(result.AssistantSpans, s => Assert.Equal(s.End - s.Start, result.Text[s.StartUnit..s.EndUnit].EnumerateRunes().Count()));
        }
    }

    [Fact]
    public void Agrees_with_the_JavaScript_port_where_Jinja2_does()
    {
        using var file = File.OpenRead(Path.Combine(Folder, "golden_huggingface_js.json.gz"));
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        var rows = JsonNode.Parse(gzip)!.AsArray();
        var agreed = 0;
        foreach (var row in rows.Where(r => (bool)r!["jinja2_agrees"]!))
        {
            var data = row!["data"]!.AsObject().ToDictionary(p => p.Key, p => p.Value);
            Assert.Equal((string)row["expected"]!, JinjaTemplate.Parse((string)row["chat_template"]!).Render(data, Now).Text);
            agreed++;
        }

        Assert.Equal(52, agreed);
    }
}
