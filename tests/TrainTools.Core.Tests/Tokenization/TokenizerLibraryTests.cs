using System.Text.Json;
using System.Text.Json.Nodes;
using TrainTools.Core.Tests.Configuration;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Tests.Tokenization;

/// <summary>
/// Random combinations of every model, normalizer, pre-tokenizer, post-processor, decoder, added token and truncation on
/// random texts, against what the Hugging Face tokenizers library 0.23.2 gives for them.
/// </summary>
public class TokenizerLibraryTests
{
    [Fact]
    public void Every_combination_gives_what_the_library_gives()
    {
        var folder = TokenizerData.Folder("library");
        var rules = Convert.ToBase64String(File.ReadAllBytes(Path.Combine(folder, "nmt_nfkc.bin")));
        using var temporary = new TemporaryFolder();
        var differences = new List<string>();
        var compared = 0;
        foreach (var line in File.ReadLines(Path.Combine(folder, "cases.jsonl")))
        {
            var row = JsonNode.Parse(line)!;
            temporary.Write("tokenizer.json", row["tokenizer"]!.ToJsonString().Replace("@nmt_nfkc", rules));
            var tokenizer = PretrainedTokenizer.Load(temporary.Path);
            var options = Options(row["tokenizer"]!["truncation"]);
            foreach (var expected in row["cases"]!.AsArray())
            {
                compared++;
                if (Difference(tokenizer, expected!, options) is { } difference)
                {
                    differences.Add($"tokenizer {compared}: {difference} in {expected!.ToJsonString()}");
                }
            }
        }

        Assert.Empty(differences);
        Assert.True(compared > 1000);
    }

    private static EncodeOptions Options(JsonNode? truncation) => truncation is null ? new EncodeOptions() : new EncodeOptions
    {
        MaxLength = (int)truncation["max_length"]!,
        TruncationSide = Enum.Parse<TokenSide>((string)truncation["direction"]!),
        TruncationStrategy = Enum.Parse<TruncationStrategy>((string)truncation["strategy"]!),
    };

    private static string? Difference(PretrainedTokenizer tokenizer, JsonNode expected, EncodeOptions options)
    {
        var text = (string)expected["t"]!;
        var pair = (string?)expected["p"];
        var special = (bool)expected["a"]!;
        var encoding = tokenizer.EncodeText(text, pair, options with { AddSpecialTokens = special });
        var ids = expected["i"]!.AsArray().Select(i => (int)i!).ToArray();
        if (!ids.SequenceEqual(encoding.Ids))
        {
            return $"ids {string.Join(' ', encoding.Ids)}";
        }

        if (!expected["o"]!.AsArray().Select(o => ((int)o![0]!, (int)o[1]!)).SequenceEqual(encoding.Offsets))
        {
            return $"offsets {string.Join(' ', encoding.Offsets)}";
        }

        if (expected["w"] is JsonArray words && !words.Select(w => (int?)w).SequenceEqual(encoding.WordIds))
        {
            return $"words {string.Join(' ', encoding.WordIds)}";
        }

        if (!expected["y"]!.AsArray().Select(y => (int)y!).SequenceEqual(encoding.TypeIds))
        {
            return $"segments {string.Join(' ', encoding.TypeIds)}";
        }

        if (!expected["s"]!.AsArray().Select(m => (int)m!).SequenceEqual(encoding.SpecialTokensMask))
        {
            return $"special tokens {string.Join(' ', encoding.SpecialTokensMask)}";
        }

        if (tokenizer.Decode(ids, false) != (string)expected["d"]! || tokenizer.Decode(ids, true) != (string)expected["k"]!)
        {
            return $"text '{tokenizer.Decode(ids, false)}' and '{tokenizer.Decode(ids, true)}'";
        }

        var fast = pair is null && options.MaxLength is null ? tokenizer.Encode(text, special) : ids;
        return ids.SequenceEqual(fast) ? null : $"ids without offsets {string.Join(' ', fast)}";
    }
}
