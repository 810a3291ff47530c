using System.Buffers;

using TrainTools.Core.Cleaning.Records;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>
/// The rules for web text of Gopher (Rae et al. 2021, appendix A), C4 (Raffel et al. 2020) and FineWeb (Penedo et al. 2024),
/// with their published thresholds. They throw away short answers, lists and code: for continued pre-training only.
/// </summary>
internal sealed class WebCheck : IRecordCheck
{
    private static readonly HashSet<string> Stop = new(StringComparer.OrdinalIgnoreCase) { "the", "be", "to", "of", "and", "that", "have", "with" };
    private static readonly double[] TopLimits = [0.20, 0.18, 0.16];
    private static readonly double[] RepeatLimits = [0.15, 0.14, 0.13, 0.12, 0.11, 0.10];
    private static readonly SearchValues<char> SentenceEnds = SearchValues.Create(".!?。！？");

    public void Check(RecordView view, FindingSink sink)
    {
        foreach (var part in view.Parts)
        {
            if (part.Role == "text")
            {
                Check(part.Text, sink);
            }
        }
    }

    private static void Check(string text, FindingSink sink)
    {
        var words = text.Split([' ', '\n', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
        var lines = text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0).ToArray();
        if (words.Length == 0)
        {
            return;
        }

        Words(words, sink);
        Lines(text, words.Length, lines, sink);
        Repetition(text, words, lines, sink);
        if (text.Contains("lorem ipsum", StringComparison.OrdinalIgnoreCase))
        {
            sink.Add(CleaningRules.LoremIpsum, 1);
        }

        if (text.Contains('{', StringComparison.Ordinal))
        {
            sink.Add(CleaningRules.CurlyBracket, 1);
        }

        sink.Add(CleaningRules.Sentences, Sentences(lines));
    }

    private static void Words(string[] words, FindingSink sink)
    {
        var real = words.Where(w => w.Any(char.IsLetterOrDigit)).ToList();
        if (real.Count is < 50 or > 100_000)
        {
            sink.Add(CleaningRules.WordCount, 1, FormattableString.Invariant($"{real.Count} words"));
        }

        var mean = real.Count == 0 ? 0 : real.Average(w => w.Length);
        if (mean is < 3 or > 10)
        {
            sink.Add(CleaningRules.MeanWordLength, 1, FormattableString.Invariant($"{mean:F1} characters"));
        }

        sink.Add(CleaningRules.AlphaWords, (double)words.Count(w => w.Any(char.IsLetter)) / words.Length);
        sink.Add(CleaningRules.StopWords, words.Select(w => w.Trim('.', ',', ';', '"', '\'')).Where(Stop.Contains).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        var hashes = words.Sum(w => w.Count(c => c == '#'));
        var ellipses = words.Sum(w => w.Count(c => c == '…') + (w.Contains("...", StringComparison.Ordinal) ? 1 : 0));
        sink.Add(CleaningRules.SymbolWords, (double)Math.Max(hashes, ellipses) / words.Length);
    }

    private static void Lines(string text, int words, string[] lines, FindingSink sink)
    {
        double count = lines.Length;
        sink.Add(CleaningRules.BulletLines, lines.Count(l => l[0] is '-' or '*' or '•' or '‣' or '◦' or '●' or '–') / count);
        sink.Add(CleaningRules.EllipsisLines, lines.Count(l => l.EndsWith('…') || l.EndsWith("...", StringComparison.Ordinal)) / count);
        sink.Add(CleaningRules.LineEnds, lines.Count(l => l[^1] is '.' or '!' or '?' or '"' or '\'' or '”' or '。' or '！' or '？') / count);
        sink.Add(CleaningRules.ShortLines, lines.Count(l => l.Length <= 30) / count);
        sink.Add(CleaningRules.NewlinesPerWord, (double)text.AsSpan().Count('\n') / words);
    }

    private static void Repetition(string text, string[] words, string[] lines, FindingSink sink)
    {
        var (repeated, characters) = Repeats(lines);
        sink.Add(CleaningRules.DuplicateLines, (double)repeated / lines.Length);
        sink.Add(CleaningRules.DuplicateLineCharacters, (double)characters / text.Length);
        var paragraphs = text.Split("\n\n").Select(p => p.Trim()).Where(p => p.Length > 0).ToArray();
        sink.Add(CleaningRules.DuplicateParagraphs, (double)Repeats(paragraphs).Count / Math.Max(1, paragraphs.Length));
        for (var n = 2; n <= 4; n++)
        {
            sink.Add(CleaningRules.TopNGram, TopGram(words, n) / (double)text.Length / TopLimits[n - 2]);
        }

        var worst = 0.0;
        for (var n = 5; n <= 10; n++)
        {
            worst = Math.Max(worst, RepeatedGrams(words, n) / (double)text.Length / RepeatLimits[n - 5]);
        }

        sink.Add(CleaningRules.DuplicateNGram, worst);
    }

    private static (int Count, int Characters) Repeats(string[] pieces)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var repeated = pieces.Where(p => !seen.Add(p)).ToList();
        return (repeated.Count, repeated.Sum(p => p.Length));
    }

    /// <summary>Characters that the most frequent n-gram covers, if it occurs more than once.</summary>
    private static int TopGram(string[] words, int n)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i + n <= words.Length; i++)
        {
            var gram = string.Join(' ', words, i, n);
            counts[gram] = counts.GetValueOrDefault(gram) + 1;
        }

        return counts.Where(c => c.Value > 1).Select(c => c.Key.Length * c.Value).DefaultIfEmpty().Max();
    }

    /// <summary>Characters of the words that n-grams seen before cover, each word once.</summary>
    private static int RepeatedGrams(string[] words, int n)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var covered = 0;
        for (var i = 0; i + n <= words.Length;)
        {
            if (seen.Add(string.Concat(words.AsSpan(i, n))))
            {
                i++;
                continue;
            }

            for (var end = i + n; i < end; i++)
            {
                covered += words[i].Length;
            }
        }

        return covered;
    }

    /// <summary>Sentences on the lines that C4 keeps.</summary>
    private static int Sentences(string[] lines)
    {
        var count = 0;
        foreach (var line in lines)
        {
            var kept = line[^1] is ('.' or '!' or '?' or '"' or '\'') && !line.EndsWith("...", StringComparison.Ordinal)
                && line.Count(c => c == ' ') >= 2 && !line.Contains("javascript", StringComparison.OrdinalIgnoreCase);
            for (var i = 0; kept && i < line.Length; i++)
            {
                count += SentenceEnds.Contains(line[i]) && (i + 1 == line.Length || line[i + 1] is ' ' or '"' or '\'') ? 1 : 0;
            }
        }

        return count;
    }
}
