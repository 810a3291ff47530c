using System.Globalization;
using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Data;
using TrainTools.Core.Training;

namespace TrainTools.Bench.Cleaning.Planting;

/// <summary>The noises that fit a set.</summary>
internal static class Noises
{
    private const double Near = 0.8;

    public static IReadOnlyList<Noise> For(BenchSet set) =>
    [
        .. Duplicates(),
        .. Leaks(set),
        .. set.Records[0].Shape switch
        {
            RecordShape.TokenClassification => Tagged(),
            RecordShape.Classification => [.. Texts(), .. Labelled(set)],
            RecordShape.Preference => [.. Texts(), .. Preferences()],
            RecordShape.Text => Texts(),
            _ => [.. Texts(), .. Answered(set)],
        },
    ];

    private static IEnumerable<Noise> Duplicates()
    {
        yield return new("copy, white space and case changed", ["duplicate.exact"], (r, _) => r.Tokens is null
            ? new Planting(Edits.All(r, Edits.Dress), IsCopy: true) : new Planting(r, IsCopy: true));
        foreach (var rate in (double[])[0.005, 0.01, 0.02, 0.05])
        {
            yield return new(string.Create(CultureInfo.InvariantCulture, $"copy, {100 * rate:0.#} % of the letters edited"), ["duplicate.near", "duplicate.exact"], (r, random) =>
            {
                var copy = Edits.All(r, t => Edits.Letters(t, rate, random));
                return new Planting(copy, IsCopy: true, Expected: Edits.Similarity(r, copy) >= Near);
            });
        }
    }

    private static IEnumerable<Noise> Leaks(BenchSet set)
    {
        yield return Leak("evaluation record leaked", (t, _) => t);
        yield return Leak("evaluation record leaked, 2 % of the letters edited", (t, random) => Edits.Letters(t, 0.02, random));

        Noise Leak(string name, Func<string, SeededRandom, string> change) => new(name, ["contamination.overlap", "contamination.near"], (_, random) =>
            new Planting(Edits.All(set.Evaluation[random.NextInt(set.Evaluation.Count)], t => change(t, random)), IsCopy: true));
    }

    private static IEnumerable<Noise> Texts()
    {
        yield return new("UTF-8 read as Windows-1252", ["quality.mojibake"], (r, _) =>
        {
            var intended = Edits.All(r, Edits.Typographic);
            var damaged = RecordMap(intended);
            return Edits.AnswerOf(damaged) == Edits.AnswerOf(intended) ? null : new Planting(damaged, Intended: intended);
        });
        yield return new("HTML tags", ["quality.html"], (r, random) => Changed(Edits.Answer(r, t => $"<p>{Edits.Insert(t, "<br>", random)}</p>")));
        yield return new("HTML character references", ["quality.html_entity"], (r, random) => Changed(Edits.Answer(r, t => Edits.Insert(t, random.NextInt(2) == 0 ? "&nbsp;" : "&quot;so&quot;", random))));
        yield return new("control characters", ["quality.control"], (r, random) => Changed(Edits.Answer(r, t => Edits.Insert(t, "\u0007\u001b", random)), intended: null));
        yield return Personal("e-mail address", "pii.email", PersonalNoise.Email);
        yield return Personal("telephone number", "pii.phone", PersonalNoise.Phone);
        yield return Personal("IP address", "pii.ip", PersonalNoise.Ip);
        yield return Personal("card number", "pii.card", PersonalNoise.Card);
        yield return Personal("IBAN", "pii.iban", PersonalNoise.Iban);
        yield return Personal("key or token", "pii.secret", PersonalNoise.Secret);

        static TrainingRecord RecordMap(TrainingRecord record) => Edits.All(record, Edits.Misread);

        static Noise Personal(string name, string rule, Func<SeededRandom, string> make) =>
            new(name, [rule], (r, random) => Changed(Edits.Answer(r, t => Edits.Insert(t, make(random), random))), 0.5);
    }

    private static IEnumerable<Noise> Answered(BenchSet set)
    {
        yield return new("answer cut off in the middle", ["structure.cut_off"], (r, random) => Changed(Edits.Answer(r, t => Cut(t, random), leastWords: 20)));
        yield return new("answer emptied", ["structure.empty_answer"], (r, _) => Changed(Edits.Answer(r, _ => " \n")));
        yield return new("answer repeats the prompt", ["structure.answer_equals_prompt"], (r, _) => r.Shape == RecordShape.PromptCompletion ? new Planting(r with { Completion = RecordView.Of(r).Input }) : null);
        yield return new("token of a chat template in a text", ["structure.special_token"], (r, random) => Changed(Edits.Answer(r, t => Edits.Insert(t, random.NextInt(2) == 0 ? "<|im_end|>" : "<|eot_id|>", random))));
        yield return new("sentence repeated 20 times", ["quality.repetition"], (r, _) => Changed(Edits.Answer(r, t => string.Join(' ', Enumerable.Repeat(t.Length > 80 ? t[..80] : t, 20)), leastWords: 8)));
        yield return new("closed answer changed in a copy", ["conflict.answer"], (r, random) =>
            Edits.AnswerOf(r) is { } answer && FinalAnswer.Of(answer) is not null && Edits.Answer(r, t => OtherNumber(t, random)) is { } copy ? new Planting(copy, IsCopy: true) : null);
        yield return new("open answer of another record in a copy", ["conflict.multi_answer"], (r, random) =>
            Edits.AnswerOf(set.Records[random.NextInt(set.Records.Count)]) is { Length: > 60 } other && Edits.AnswerOf(r) is { Length: > 60 } own && FinalAnswer.Of(own) is null
                ? new Planting(Edits.WithAnswer(r, other), IsCopy: true) : null);
        yield return new("turn of the user twice", ["structure.role_order"], (r, _) => r.Shape == RecordShape.Messages
            ? new Planting(r with { Messages = [r.Messages![0], .. r.Messages] }) : null);
    }

    private static IEnumerable<Noise> Labelled(BenchSet set)
    {
        var labels = set.Records.Select(r => r.Label!).Distinct().Order(StringComparer.Ordinal).ToList();
        yield return new("label replaced by a random one", ["label.error"], (r, random) => new Planting(r with { Label = Other(r.Label!, random) }), 2);
        yield return new("copy with another label", ["conflict.label"], (r, random) => new Planting(r with { Label = Other(r.Label!, random) }, IsCopy: true));

        string Other(string label, SeededRandom random) => labels.Where(l => l != label).ElementAt(random.NextInt(labels.Count - 1));
    }

    private static IEnumerable<Noise> Preferences()
    {
        yield return new("pair swapped in a copy", ["conflict.preference"], (r, _) => new Planting(r with
        {
            Chosen = r.Rejected, Rejected = r.Chosen, ChosenMessages = r.RejectedMessages, RejectedMessages = r.ChosenMessages,
        }, IsCopy: true));
        yield return new("chosen answer as rejected one", ["structure.chosen_equals_rejected"], (r, _) => new Planting(r with { Rejected = r.Chosen, RejectedMessages = r.ChosenMessages }));
        yield return new("answer emptied", ["structure.empty_answer"], (r, _) => Changed(Edits.Answer(r, _ => " \n")));
        yield return new("answer cut off in the middle", ["structure.cut_off"], (r, random) => Changed(Edits.Answer(r, t => Cut(t, random), leastWords: 20)));
    }

    private static IEnumerable<Noise> Tagged()
    {
        yield return new("entity begun with I-", ["structure.invalid_bio"], (r, _) =>
        {
            var at = r.Tags!.ToList().FindIndex(t => t.StartsWith("B-", StringComparison.Ordinal));
            return at < 0 ? null : new Planting(r with { Tags = [.. r.Tags!.Select((t, i) => i == at ? "I" + t[1..] : t)] }, Intended: r);
        });
        yield return new("last tag lost", ["structure.tag_count"], (r, _) => r.Tags!.Count < 2 ? null : new Planting(r with { Tags = [.. r.Tags.SkipLast(1)] }));
        yield return new("copy with one tag changed", ["conflict.tags"], (r, random) =>
        {
            var at = random.NextInt(r.Tags!.Count);
            return new Planting(r with { Tags = [.. r.Tags!.Select((t, i) => i == at ? (t == "O" ? "B-person" : "O") : t)] }, IsCopy: true);
        });
        yield return new("UTF-8 read as Windows-1252", ["quality.mojibake"], (r, _) =>
        {
            var damaged = Edits.All(r, t => Edits.Misread(t.Replace('\'', '’').Replace("e", "é", StringComparison.Ordinal)));
            return damaged.Tokens!.SequenceEqual(r.Tokens!) ? null : new Planting(damaged);
        });
    }

    private static Planting? Changed(TrainingRecord? record, TrainingRecord? intended = null) => record is null ? null : new Planting(record, Intended: intended);

    private static string? Cut(string text, SeededRandom random)
    {
        var at = (int)(text.Length * (0.3 + (0.4 * random.NextDouble())));
        while (at > 1 && !char.IsLetterOrDigit(text[at - 1]))
        {
            at--;
        }

        return at < 10 ? null : text[..at];
    }

    /// <summary>The text with its last number raised.</summary>
    private static string? OtherNumber(string text, SeededRandom random)
    {
        var end = text.Length;
        while (end > 0 && !char.IsAsciiDigit(text[end - 1]))
        {
            end--;
        }

        var start = end;
        while (start > 0 && char.IsAsciiDigit(text[start - 1]))
        {
            start--;
        }

        return end > start && long.TryParse(text.AsSpan(start, end - start), CultureInfo.InvariantCulture, out var number)
            ? string.Create(CultureInfo.InvariantCulture, $"{text[..start]}{number + 1 + random.NextInt(9)}{text[end..]}") : null;
    }
}
