using System.IO.Compression;
using System.Text.Json.Nodes;
using TrainTools.Core.Tokenization.Chat.Jinja;

namespace TrainTools.Parity.ChatTemplates;

/// <summary>
/// golden_jinja2.jsonl with cases.json and the templates it names: what Jinja2 rendered in the environment that
/// transformers sets up, its errors and the spans of the assistant's text. golden_huggingface_js.json and
/// golden_llama_cpp.json: what those renderers expect, as far as Jinja2 agrees. In the folder itself or in chat-templates/;
/// a golden file may be gzipped.
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
            foreach (string other in (string[])["golden_huggingface_js.json", "golden_llama_cpp.json"])
            {
                if (Read(Path.Combine(place, other)) is { } renderings)
                {
                    yield return new ParityCase($"{Name}/{other}", () => [OfOtherRenderers(renderings)]);
                }
            }

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

    private static JsonArray? Read(string path)
    {
        if (File.Exists(path))
        {
            return JsonNode.Parse(File.ReadAllBytes(path))!.AsArray();
        }

        if (!File.Exists(path + ".gz"))
        {
            return null;
        }

        using var unpacked = new GZipStream(File.OpenRead(path + ".gz"), CompressionMode.Decompress);
        return JsonNode.Parse(unpacked)!.AsArray();
    }

    private static Comparison OfOtherRenderers(JsonArray rows)
    {
        int count = 0;
        var wrong = new List<string>();
        foreach (var row in rows.Where(r => (bool?)r!["jinja2_agrees"] != false))
        {
            count++;
            string? expected = (string?)row!["expected"];
            string name = (string?)row["name"] ?? string.Empty;
            try
            {
                // One file gives all variables as an object, the other names those it has and leaves the leading BOS away.
                var variables = row["data"] is JsonObject data
                    ? data.ToDictionary(p => p.Key, p => p.Value)
                    : ((string[])["messages", "add_generation_prompt", "bos_token", "eos_token"]).ToDictionary(k => k, k => row[k]);
                string text = JinjaTemplate.Parse((string)row["chat_template"]!).Render(variables, Now).Text;
                if (expected is null)
                {
                    expected = (string)row["expected_without_leading_bos"]!;
                    string bos = (string?)row["bos_token"] ?? string.Empty;
                    text = bos.Length > 0 && text.StartsWith(bos, StringComparison.Ordinal) ? text[bos.Length..] : text;
                }

                if (text != expected)
                {
                    wrong.Add(name);
                }
            }
            catch (JinjaException e)
            {
                wrong.Add($"{name}: raised {e.PythonType}: {e.Message}");
            }
        }

        return Comparison.Exact($"{count} renderings that Jinja2 agrees with", wrong.Count == 0, $"{wrong.Count} differ: {string.Join(", ", wrong.Take(3))}");
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
