using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrainTools.Core.Tokenization;

namespace TrainTools.Parity.Tokenizers;

/// <summary>One comparison with the model's own library.</summary>
/// <param name="Name">What was compared.</param>
/// <param name="Compared">How many texts (or lists) were compared.</param>
/// <param name="Failure">The first difference; null if there is none.</param>
public sealed record TokenizerParityResult(string Name, int Compared, string? Failure)
{
    /// <summary>Whether everything was equal.</summary>
    public bool Passed => Failure is null;
}

/// <summary>
/// Compares a tokenizer folder with what the model's own library gave for it: expected.json (ids, offsets, tokens, texts,
/// pairs, truncation and padding, words, chats), golden.json and golden_*.jsonl (ids, texts), golden_chat.json (whole
/// conversations as mistral-common prints them, with their ids).
/// </summary>
public static class TokenizerParity
{
    /// <summary>Whether a folder is a tokenizer's with something to compare it with.</summary>
    public static bool Applies(string folder) =>
        File.Exists(Path.Combine(folder, "tokenizer.json"))
        && (((string[])["expected.json", "golden.json", "tokenizer_golden.json", "golden_chat.json"]).Any(name => File.Exists(Path.Combine(folder, name)))
            || Directory.EnumerateFiles(folder, "golden_*.jsonl").Any());

    /// <summary>Makes every comparison the folder has data for.</summary>
    public static IEnumerable<TokenizerParityResult> Run(string folder)
    {
        var tokenizer = PretrainedTokenizer.Load(folder);
        var results = new List<TokenizerParityResult>();
        if (Read(folder, "expected.json") is { } expected)
        {
            results.AddRange(CompareExpected(tokenizer, expected));
        }

        if (Read(folder, "golden.json") is { ValueKind: JsonValueKind.Array } golden)
        {
            results.AddRange(CompareGolden(tokenizer, golden));
        }

        if (Read(folder, "tokenizer_golden.json") is { } small)
        {
            results.Add(Compare("ids", Items(small), row => Difference(row.GetProperty("ids_tokenizer_json"), tokenizer.Encode(Text(row, "text"), false))));
        }

        if (Read(folder, "golden_chat.json") is { ValueKind: JsonValueKind.Array } chats)
        {
            results.Add(Compare("whole chats", Items(chats), row => Difference(row.GetProperty("ids"), tokenizer.Encode(PlainText(Text(row, "text"), tokenizer), false))));
        }

        foreach (var file in Directory.EnumerateFiles(folder, "golden_*.jsonl").Order(StringComparer.Ordinal))
        {
            var rows = File.ReadLines(file).Select(line => JsonDocument.Parse(line).RootElement);
            results.Add(Compare(Path.GetFileNameWithoutExtension(file), rows, row => Difference(row.GetProperty("ids"), tokenizer.Encode(Text(row, "text"), false))));
        }

        return results;
    }

    private static IEnumerable<TokenizerParityResult> CompareExpected(PretrainedTokenizer tokenizer, JsonElement expected)
    {
        var cases = Items(expected.GetProperty("cases"));
        yield return Compare("ids", cases, row => Difference(row.GetProperty("ids"), tokenizer.Encode(Text(row, "text")))
            ?? Difference(row.GetProperty("ids_no_special"), tokenizer.Encode(Text(row, "text"), false)));
        yield return Compare("offsets", cases, row =>
        {
            var encoding = tokenizer.EncodeText(Text(row, "text"));
            return Difference(row.GetProperty("ids"), encoding.Ids)
                ?? Difference("offsets", Items(row.GetProperty("offsets_codepoints")).Select(o => (o[0].GetInt32(), o[1].GetInt32())), encoding.Offsets);
        });
        yield return Compare("tokens", cases, row =>
            Difference("tokens", Items(row.GetProperty("tokens")).Select(t => t.GetString()!), tokenizer.EncodeText(Text(row, "text")).Tokens));
        yield return Compare("decoded", cases, row => CompareDecoded(row, (ids, skip) => tokenizer.Decode(ids, skip)));
        yield return Compare("pairs", Items(expected.GetProperty("pairs")), row =>
            CompareEncoding(row, tokenizer.EncodeText(Text(row, "a"), Text(row, "b"))));
        var options = new EncodeOptions { MaxLength = 8, Padding = PaddingStrategy.MaxLength };
        yield return Compare("truncated and padded", Items(expected.GetProperty("truncated_padded_8")), row =>
            CompareEncoding(row, tokenizer.EncodeText(Text(row, "text"), options: options)));
        yield return Compare("words", Items(expected.GetProperty("pretokenized")), row =>
        {
            var encoding = tokenizer.EncodeWords([.. Items(row.GetProperty("words")).Select(w => w.GetString()!)]);
            var words = Items(row.GetProperty("word_ids")).Select(w => w.ValueKind == JsonValueKind.Null ? (int?)null : w.GetInt32());
            return Difference(row.GetProperty("ids"), encoding.Ids) ?? Difference("word ids", words, encoding.WordIds);
        });
        if (expected.TryGetProperty("chat", out var chats))
        {
            yield return Compare("chats", Items(chats), row => CompareChat(tokenizer, row));
        }
    }

    private static string? CompareChat(PretrainedTokenizer tokenizer, JsonElement row)
    {
        var messages = (JsonArray)JsonNode.Parse(row.GetProperty("messages").GetRawText())!;
        var chat = tokenizer.ApplyChatTemplate(messages, row.GetProperty("add_generation_prompt").GetBoolean());
        if (chat.Text != Text(row, "text"))
        {
            return $"text: expected '{Text(row, "text")}', got '{chat.Text}'";
        }

        return Difference(row.GetProperty("input_ids"), chat.Tokens.Ids)
            ?? Difference(row.GetProperty("attention_mask"), chat.Tokens.AttentionMask)
            ?? (row.TryGetProperty("assistant_masks", out var masks) ? Difference(masks, chat.AssistantMask) : null);
    }

    private static IEnumerable<TokenizerParityResult> CompareGolden(PretrainedTokenizer tokenizer, JsonElement golden)
    {
        var rows = Items(golden);
        yield return Compare("ids", rows, row =>
        {
            var special = row.GetProperty("special_tokens").GetBoolean();
            return row.TryGetProperty("text_pair", out var pair) && pair.ValueKind == JsonValueKind.String
                ? Difference(row.GetProperty("ids"), tokenizer.EncodeText(Text(row, "text"), pair.GetString(), new EncodeOptions { AddSpecialTokens = special }).Ids)
                : Difference(row.GetProperty("ids"), tokenizer.Encode(Text(row, "text"), special));
        });

        // These texts come from versions that clean spaces up unless told otherwise.
        var cleanUp = tokenizer.CleanUpTokenizationSpaces ?? true;
        yield return Compare("decoded", rows.Where(r => r.TryGetProperty("decoded", out _) || r.TryGetProperty("decoded_skip_special", out _)), row =>
            CompareDecoded(row, (ids, skip) => tokenizer.Decode(ids, skip, cleanUp)));
    }

    /// <summary>mistral-common prints spaces as U+2581, and one behind each control token that SentencePiece, not the text, puts there.</summary>
    private static string PlainText(string printed, PretrainedTokenizer tokenizer) =>
        tokenizer.AddedTokens.Aggregate(printed, (text, token) => text.Replace(token.Content + "▁", token.Content, StringComparison.Ordinal)).Replace('▁', ' ');

    private static string? CompareDecoded(JsonElement row, Func<int[], bool, string> decode)
    {
        var ids = Items(row.GetProperty("ids")).Select(i => i.GetInt32()).ToArray();
        foreach (var (name, skip) in new[] { ("decoded", false), ("decoded_skip_special", true) })
        {
            if (row.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String)
            {
                var actual = decode(ids, skip);
                if (actual != text.GetString())
                {
                    return $"{name}: expected '{text.GetString()}', got '{actual}'";
                }
            }
        }

        return null;
    }

    private static string? CompareEncoding(JsonElement row, TokenEncoding encoding) =>
        Difference(row.GetProperty("input_ids"), encoding.Ids)
        ?? Difference(row.GetProperty("attention_mask"), encoding.AttentionMask)
        ?? (row.TryGetProperty("token_type_ids", out var types) ? Difference(types, encoding.TypeIds) : null);

    private static TokenizerParityResult Compare(string name, IEnumerable<JsonElement> rows, Func<JsonElement, string?> compare)
    {
        var count = 0;
        foreach (var row in rows)
        {
            count++;
            if (compare(row) is { } difference)
            {
                var source = row.GetRawText();
                return new TokenizerParityResult(name, count, $"row {count}: {difference} in {source[..Math.Min(source.Length, 300)]}");
            }
        }

        return new TokenizerParityResult(name, count, null);
    }

    private static string? Difference(JsonElement expected, IReadOnlyList<int> actual) =>
        Difference("ids", Items(expected).Select(i => i.GetInt32()), actual);

    private static string? Difference<T>(string what, IEnumerable<T> expected, IReadOnlyList<T> actual)
    {
        var wanted = expected.ToList();
        return wanted.SequenceEqual(actual) ? null : new StringBuilder(what).Append(": expected ").AppendJoin(' ', wanted).Append(", got ").AppendJoin(' ', actual).ToString();
    }

    private static List<JsonElement> Items(JsonElement array) => [.. array.EnumerateArray()];

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;

    private static JsonElement? Read(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? JsonDocument.Parse(File.ReadAllBytes(path)).RootElement : null;
    }
}
