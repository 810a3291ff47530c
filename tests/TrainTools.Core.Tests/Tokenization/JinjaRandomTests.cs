using System.IO.Compression;
using System.Text.Json.Nodes;
using TrainTools.Core.Tokenization.Chat.Jinja;

namespace TrainTools.Core.Tests.Tokenization;

/// <summary>
/// 3,000 random templates (expressions, filters, tests, methods, blocks, white-space control) with what Jinja2 3.1.2 made of
/// each: text and generation spans, or the type of the exception. Left out by the generator: list.pop (newer Jinja2 refuses it,
/// as this interpreter does), pprint and wordwrap, slices of constants that are no sequences, and four templates of 3,977 that
/// depend on Python's order of evaluation or on a name that a macro reads before the template sets it.
/// </summary>
public class JinjaRandomTests
{
    [Fact]
    public void Equals_Jinja2_on_random_templates()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Data", "chat-templates", "jinja2_random.jsonl.gz"));
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        var variables = JsonNode.Parse(reader.ReadLine()!)!["variables"]!.AsObject().ToDictionary(p => p.Key, p => p.Value);
        var rows = 0;
        while (reader.ReadLine() is { } line)
        {
            var row = JsonNode.Parse(line)!;
            var template = (string)row["template"]!;
            string actual;
            try
            {
                var result = JinjaTemplate.Parse(template).Render(variables, DateTimeOffset.UnixEpoch);
                actual = result.Text + "\n" + string.Join(';', result.AssistantSpans.Select(s => $"{s.Start},{s.End}"));
            }
            catch (JinjaException e)
            {
                actual = "error " + e.PythonType;
            }

            var expected = (string?)row["error"] is { } error
                ? "error " + error
                : (string)row["expected"]! + "\n" + string.Join(';', row["spans"]!.AsArray().Select(s => $"{s![0]},{s[1]}"));
            Assert.True(expected == actual, $"{template}\nexpected: {expected}\nactual:   {actual}");
            rows++;
        }

        Assert.Equal(3000, rows);
    }
}
