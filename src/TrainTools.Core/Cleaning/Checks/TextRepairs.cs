using System.Text;

using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>
/// The checks that may change a record: damaged encodings, control characters, tags, personal data. They come before all
/// others, which see the repaired text.
/// </summary>
internal sealed class TextRepairs(RuleSettings settings)
{
    private readonly bool _personal = settings.AnyOn(
        CleaningRules.Email, CleaningRules.Phone, CleaningRules.IpAddress, CleaningRules.CardNumber, CleaningRules.Iban, CleaningRules.Secret);

    /// <summary>The record with what the rules repair or mask; findings go to the sink.</summary>
    public TrainingRecord Apply(TrainingRecord record, RecordView view, FindingSink sink)
    {
        var places = 0;
        var personal = new Dictionary<CleaningRule, (int Count, string First)>();
        var mask = false;
        var control = 0;
        foreach (var part in view.Parts)
        {
            if (settings.IsOn(CleaningRules.Mojibake))
            {
                _ = MojibakeRepair.Repair(part.Text, out var found);
                places += found;
            }

            if (settings.IsOn(CleaningRules.ControlCharacters))
            {
                control += Control(part.Text);
            }

            if (_personal)
            {
                Look(part.Text, personal);
            }
        }

        if (places > 0)
        {
            sink.Add(CleaningRules.Mojibake, places);
        }

        if (control > 0)
        {
            sink.Add(CleaningRules.ControlCharacters, control);
        }

        foreach (var (rule, (count, first)) in personal)
        {
            sink.Add(rule, count, Shorten(first));
            mask |= settings.Decide(rule, count) == CleaningAction.Mask;
        }

        var result = record;
        if (settings.Decide(CleaningRules.Mojibake, places) == CleaningAction.Repair)
        {
            result = RecordTexts.Map(result, t => MojibakeRepair.Repair(t, out _));
        }

        if (settings.Decide(CleaningRules.ControlCharacters, control) == CleaningAction.Repair)
        {
            result = RecordTexts.Map(result, WithoutControl);
        }

        if (mask)
        {
            result = RecordTexts.Map(result, t => PersonalData.Mask(t, PersonalData.Find(t, r => settings.Action(r) == CleaningAction.Mask && settings.IsOn(r))));
        }

        return Tags(result, sink);
    }

    private void Look(string text, Dictionary<CleaningRule, (int Count, string First)> personal)
    {
        foreach (var find in PersonalData.Find(text, settings.IsOn))
        {
            var known = personal.GetValueOrDefault(find.Rule, (0, text.Substring(find.Start, find.Length)));
            personal[find.Rule] = (known.Item1 + 1, known.Item2);
        }
    }

    /// <summary>Enough of a find to recognise it, not enough to use it.</summary>
    private static string Shorten(string find) => find.Length <= 6 ? find : $"{find[..3]}…{find[^2..]}";

    /// <summary>Tags in order. What is repaired is told here: the check of structure sees the result.</summary>
    private TrainingRecord Tags(TrainingRecord record, FindingSink sink)
    {
        if (record.Shape != RecordShape.TokenClassification || !settings.IsOn(CleaningRules.InvalidTags))
        {
            return record;
        }

        var invalid = TagSequence.Invalid(record.Tags!, out var first);
        if (settings.Decide(CleaningRules.InvalidTags, invalid) != CleaningAction.Repair)
        {
            return record;
        }

        sink.Add(CleaningRules.InvalidTags, invalid, TagSequence.Describe(record.Tags!, first));
        return record with { Tags = TagSequence.Repair(record.Tags!) };
    }

    private static int Control(string text)
    {
        var count = 0;
        foreach (var c in text)
        {
            count += IsControl(c) ? 1 : 0;
        }

        return count;
    }

    private static string WithoutControl(string text)
    {
        if (Control(text) == 0)
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (!IsControl(c))
            {
                result.Append(c);
            }
        }

        return result.ToString();
    }

    private static bool IsControl(char c) => c is (< ' ' and not ('\t' or '\n' or '\r' or '\f' or '\v')) or (>= '\u007f' and <= '\u009f' and not '\u0085') or '\ufeff';
}
