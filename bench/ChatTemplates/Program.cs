using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Jint;
using TrainTools.Core.Tokenization.Chat;

// Renders short conversations with a chat template and prints the rate. With --javascript FILE the same conversations are
// rendered by the npm package @huggingface/jinja (its dist/index.js, which is not part of this project) inside Jint.
//
//   dotnet run -c Release --project bench/ChatTemplates -- TEMPLATE.jinja [--count 10000] [--javascript FILE]
if (args.Length == 0)
{
    Console.Error.WriteLine("usage: TEMPLATE.jinja [--count N] [--javascript FILE]");
    return 2;
}

string? Option(string name) => Array.IndexOf(args, name) is var i and >= 0 && i + 1 < args.Length ? args[i + 1] : null;
var count = int.Parse(Option("--count") ?? "10000", CultureInfo.InvariantCulture);
var source = File.ReadAllText(args[0]);
var template = new ChatTemplate(source, [new("bos_token", "<s>"), new("eos_token", "</s>")], args[0]);
JsonArray Conversation(int i) => new(
    new JsonObject { ["role"] = "system", ["content"] = "You are a helpful assistant." },
    new JsonObject { ["role"] = "user", ["content"] = "What is " + i.ToString(CultureInfo.InvariantCulture) + " plus 2?" },
    new JsonObject { ["role"] = "assistant", ["content"] = (i + 2).ToString(CultureInfo.InvariantCulture) + "." },
    new JsonObject { ["role"] = "user", ["content"] = "Thank you." },
    new JsonObject { ["role"] = "assistant", ["content"] = "You are welcome." });
var conversations = Enumerable.Range(0, count).Select(Conversation).ToList();
template.RenderJson(Conversation(0));

var clock = Stopwatch.StartNew();
long characters = 0;
foreach (var conversation in conversations)
{
    characters += template.RenderJson(conversation).Text.Length;
}

Report("direct interpreter", clock.Elapsed, characters);

if (Option("--javascript") is { } file)
{
    using var engine = new Engine();
    engine.Modules.Add("jinja", File.ReadAllText(file));
    engine.Modules.Add("main", """
        import { Template } from 'jinja';
        let template = null;
        globalThis.load = source => { template = new Template(source); };
        globalThis.render = json => template.render({ messages: JSON.parse(json), bos_token: '<s>', eos_token: '</s>', add_generation_prompt: false });
        """);
    engine.Modules.Import("main");
    engine.Invoke("load", source);
    var json = conversations.Select(c => c.ToJsonString()).ToList();
    engine.Invoke("render", json[0]);
    clock.Restart();
    characters = 0;
    foreach (var conversation in json)
    {
        characters += engine.Invoke("render", conversation).AsString().Length;
    }

    Report("@huggingface/jinja in Jint", clock.Elapsed, characters);
}

return 0;

void Report(string name, TimeSpan time, long length) => Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture, $"{name,-28} {count} conversations, {length} characters, {time.TotalSeconds:F2} s, {count / time.TotalSeconds:F0} conversations/s"));
