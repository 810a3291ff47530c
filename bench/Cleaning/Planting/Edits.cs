using System.Globalization;
using System.Text;
using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Data;
using TrainTools.Core.Training;

namespace TrainTools.Bench.Cleaning.Planting;

/// <summary>Changes of texts and records that noises are made of.</summary>
internal static class Edits
{
    private static readonly Encoding Windows1252 = CodePagesEncodingProvider.Instance.GetEncoding(1252)!;

    /// <summary>The record with all its texts changed; words of a tagged sentence one by one.</summary>
    public static TrainingRecord All(TrainingRecord record, Func<string, string> change)
    {
        var changed = RecordTexts.Map(PreferencePrompt.Extract(record), change);
        return changed.Tokens is null ? changed : changed with { Tokens = [.. changed.Tokens.Select(t => change(t) is { Length: > 0 } word ? word : t)] };
    }

    /// <summary>The record with its last answer (or its text) changed; null if there is none of this length.</summary>
    public static TrainingRecord? Answer(TrainingRecord record, Func<string, string?> change, int leastWords = 0)
    {
        var answer = AnswerOf(record);
        return answer is not null && answer.Split().Length >= leastWords && change(answer) is { } changed && changed != answer ? WithAnswer(record, changed) : null;
    }

    /// <summary>The last answer, or the text where there is none.</summary>
    public static string? AnswerOf(TrainingRecord record) => record.Shape switch
    {
        RecordShape.Text or RecordShape.Classification => record.Text,
        RecordShape.PromptCompletion => record.Completion,
        RecordShape.Preference => PreferencePrompt.Extract(record).Chosen,
        RecordShape.ConversationalPromptCompletion => record.CompletionMessages![^1].Content,
        RecordShape.Messages => record.Messages!.LastOrDefault(m => m.Role == "assistant")?.Content,
        _ => null,
    };

    public static TrainingRecord WithAnswer(TrainingRecord record, string answer) => record.Shape switch
    {
        RecordShape.Text or RecordShape.Classification => record with { Text = answer },
        RecordShape.PromptCompletion => record with { Completion = answer },
        RecordShape.Preference => PreferencePrompt.Extract(record) with { Chosen = answer },
        RecordShape.ConversationalPromptCompletion => record with { CompletionMessages = [.. record.CompletionMessages!.SkipLast(1), record.CompletionMessages![^1] with { Content = answer }] },
        _ => record with { Messages = Replace(record.Messages!, answer) },
    };

    /// <summary>White space doubled and the first letter's case turned: the same text to a reader.</summary>
    public static string Dress(string text)
    {
        var at = text.IndexOf(' ', StringComparison.Ordinal);
        var spaced = at < 0 ? text + " " : text[..at] + "  " + text[(at + 1)..] + "\n";
        return spaced.Length > 1 && char.IsAsciiLetter(spaced[0]) ? (char)(spaced[0] ^ 0x20) + spaced[1..] : spaced;
    }

    /// <summary>Letters changed, dropped or doubled at a rate; digits and spaces stay.</summary>
    public static string Letters(string text, double rate, SeededRandom random)
    {
        var result = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            if (!char.IsAsciiLetter(c) || random.NextDouble() >= rate)
            {
                result.Append(c);
                continue;
            }

            switch (random.NextInt(3))
            {
                case 0:
                    result.Append((char)('a' + random.NextInt(26)));
                    break;
                case 1:
                    result.Append(c).Append(c);
                    break;
            }
        }

        return result.ToString();
    }

    /// <summary>A text with typographic apostrophes, quotes and dashes, or an accent where it has none of these.</summary>
    public static string Typographic(string text)
    {
        var result = text.Replace('\'', '’').Replace(" - ", " – ", StringComparison.Ordinal).Replace(" \"", " “", StringComparison.Ordinal);
        if (result.All(char.IsAscii) && result.IndexOf('e', StringComparison.Ordinal) is >= 0 and var e)
        {
            result = result[..e] + 'é' + result[(e + 1)..];
        }

        return result;
    }

    /// <summary>What becomes of UTF-8 that is read as Windows-1252.</summary>
    public static string Misread(string text) => Windows1252.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>Inserts a piece behind a random word.</summary>
    public static string Insert(string text, string piece, SeededRandom random)
    {
        var spaces = Enumerable.Range(0, text.Length).Where(i => text[i] == ' ').ToList();
        var at = spaces.Count == 0 ? text.Length : spaces[random.NextInt(spaces.Count)];
        return $"{text[..at]} {piece}{text[at..]}";
    }

    /// <summary>Least Jaccard similarity of whole, input and output by sets of 5-character strings: another implementation than the one under test.</summary>
    public static double Similarity(TrainingRecord a, TrainingRecord b)
    {
        var (x, y) = (RecordView.Of(a), RecordView.Of(b));
        var least = Jaccard($"{x.Input}\u0001{x.Output}", $"{y.Input}\u0001{y.Output}");
        least = Math.Min(least, Jaccard(x.Input, y.Input));
        return x.Output is null || y.Output is null ? Jaccard(x.Input, y.Input) : Math.Min(least, Jaccard(x.Output, y.Output));
    }

    private static double Jaccard(string a, string b)
    {
        var (x, y) = (Set(a), Set(b));
        var common = x.Count(y.Contains);
        return (double)common / (x.Count + y.Count - common);
    }

    private static HashSet<string> Set(string text)
    {
        // Both parts are normalised apart, as they are in a record.
        var normal = string.Join('\u0001', text.Split('\u0001').Select(t => TextNormalizer.Normalize(t, TextNormalization.Standard)));
        var starts = StringInfo.ParseCombiningCharacters(normal).Length == normal.Length ? null : normal.EnumerateRunes().Select(r => r.ToString()).ToArray();
        var length = starts?.Length ?? normal.Length;
        string At(int from, int count) => starts is null ? normal.Substring(from, count) : string.Concat(starts.AsSpan(from, count).ToArray());
        return length < 5 ? [normal] : [.. Enumerable.Range(0, length - 4).Select(i => At(i, 5))];
    }

    private static List<ChatMessage> Replace(IReadOnlyList<ChatMessage> turns, string answer)
    {
        var list = turns.ToList();
        var last = list.FindLastIndex(m => m.Role == "assistant");
        list[last] = new ChatMessage("assistant", answer);
        return list;
    }
}
