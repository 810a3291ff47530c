using System.Text.Json.Nodes;
using TrainTools.Core.Tokenization.Chat.Jinja;

namespace TrainTools.Parity.ChatTemplates;

/// <summary>
/// golden_jinja2.jsonl with cases.json and the templates it names: what Jinja2 rendered in the environment that
/// transformers sets up, its errors and the spans of the assistant's text. In the folder itself or in chat-templates/.
/// </summary>
public sealed class ChatTemplateParitySuite : IParitySuite
{
    private const string GoldenName = "golden_jinja2.jsonl";

    // The moment strftime_now meant when the figures were made.
    private static readonly DateTimeOffset Now = new(2025, 7, 10, 12, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public string Name => "chat-templates";

    /// <inheritdoc/>
    public IEnumerable<ParityCase> Find(string folder)
    {
        foreach (string place in (string[])[folder, Path.Combine(folder, Name)])
        {
            string golden = Path.Combine(place, GoldenName);
            if (!File.Exists(golden))
            {
                continue;
            }

            var rows = File.ReadLines(golden).Where(l => l.Length > 0).Select(l => JsonNode.Parse(l)!).ToLookup(r => (string)r["template"]!);
            var cases = ((JsonArray)JsonNode.Parse(File.ReadAllText(Path.Combine(place, "cases.json")))!["cases"]!).ToDictionary(c => (string)c!["case"]!, c => c!);
            foreach (var template in rows)
            {
                yield return new ParityCase($"{Name}/{template.Key}", () => Compare(Path.Combine(place, template.Key), template, cases));
            }
        }
    }

    private static IEnumerable<Comparison> Compare(string path, IEnumerable<JsonNode> rows, Dictionary<string, JsonNode> cases)
    {
        string source = File.ReadAllText(path);
        int count = 0;
        var wrong = new List<string>();
        foreach (var row in rows)
        {
            count++;
            string name = (string)row["case"]!;
            if (Difference(source, row, cases[name]) is { } difference)
            {
                wrong.Add($"{name}: {difference}");
            }
        }

        yield return Comparison.Exact($"{count} renderings", wrong.Count == 0, wrong.Count == 0 ? null : $"{wrong.Count} differ, first {wrong[0]}");
    }

    /// <summary>What differs from the golden row; null = nothing.</summary>
    private static string? Difference(string source, JsonNode row, JsonNode conversation)
    {
        var variables = new Dictionary<string, JsonNode?>
        {
            ["messages"] = conversation["messages"],
            ["add_generation_prompt"] = conversation["add_generation_prompt"],
            ["bos_token"] = row["bos_token"],
            ["eos_token"] = row["eos_token"],
            ["tools"] = conversation["tools"],
        };
        string? error = (string?)row["error"];
        try
        {
            var result = JinjaTemplate.Parse(source).Render(variables, Now);
            if (error is not null)
            {
                return $"rendered where Jinja2 raises {error}";
            }

            var spans = (row["assistant_spans"] as JsonArray ?? []).Select(s => ((int)s![0]!, (int)s[1]!));
            return result.Text != (string)row["expected"]! ? "other text"
                : !spans.SequenceEqual(result.AssistantSpans.Select(s => (s.Start, s.End))) ? "other assistant spans"
                : null;
        }
        catch (JinjaException e)
        {
            string raised = $"{e.PythonType}: {e.Message}";
            return raised == error ? null : $"raised {raised}, expected {error ?? "text"}";
        }
    }
}
