using System.Buffers;
using System.Text;

using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>
/// The checks that may change a record: damaged encodings, control characters, tags, personal data. They come before all
/// others, which see the repaired text.
/// </summary>
internal sealed class TextRepairs
{
    /// <summary>Control characters other than white space, and byte-order marks.</summary>
    private static readonly SearchValues<char> Controls = SearchValues.Create(
        [.. Enumerable.Range(0, 0xa0).Select(c => (char)c).Where(c => c is (< ' ' and not ('\t' or '\n' or '\r' or '\f' or '\v')) or (>= '\u007f' and not '\u0085')), '\ufeff']);

    private readonly RuleSettings _settings;
    private readonly Func<CleaningRule, bool> _isOn;
    private readonly bool _mojibake;
    private readonly bool _controls;
    private readonly bool _personal;

    public TextRepairs(RuleSettings settings)
    {
        _settings = settings;
        _isOn = settings.IsOn;
        _mojibake = settings.IsOn(CleaningRules.Mojibake);
        _controls = _settings.IsOn(CleaningRules.ControlCharacters);
        _personal = _settings.AnyOn(
            CleaningRules.Email, CleaningRules.Phone, CleaningRules.IpAddress, CleaningRules.CardNumber, CleaningRules.Iban, CleaningRules.Secret);
    }

    /// <summary>The record with what the rules repair or mask; findings go to the sink.</summary>
    public TrainingRecord Apply(TrainingRecord record, RecordView view, FindingSink sink)
    {
        var places = 0;
        Dictionary<CleaningRule, (int Count, string First)>? personal = null;
        var mask = false;
        var control = 0;
        foreach (var part in view.Parts)
        {
            if (_mojibake)
            {
                _ = MojibakeRepair.Repair(part.Text, out var found);
                places += found;
            }

            if (_controls)
            {
                control += Control(part.Text);
            }

            if (_personal)
            {
                Look(part.Text, ref personal);
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

        foreach (var (rule, (count, first)) in personal ?? [])
        {
            sink.Add(rule, count, Shorten(first));
            mask |= _settings.Decide(rule, count) == CleaningAction.Mask;
        }

        var result = record;
        if (_settings.Decide(CleaningRules.Mojibake, places) == CleaningAction.Repair)
        {
            result = RecordTexts.Map(result, t => MojibakeRepair.Repair(t, out _));
        }

        if (_settings.Decide(CleaningRules.ControlCharacters, control) == CleaningAction.Repair)
        {
            result = RecordTexts.Map(result, WithoutControl);
        }

        if (mask)
        {
            result = RecordTexts.Map(result, t => PersonalData.Mask(t, PersonalData.Find(t, r => _settings.Action(r) == CleaningAction.Mask && _settings.IsOn(r))));
        }

        return Tags(result, sink);
    }

    private void Look(string text, ref Dictionary<CleaningRule, (int Count, string First)>? personal)
    {
        foreach (var find in PersonalData.Find(text, _isOn))
        {
            personal ??= [];
            var known = personal.GetValueOrDefault(find.Rule, (0, text.Substring(find.Start, find.Length)));
            personal[find.Rule] = (known.Item1 + 1, known.Item2);
        }
    }

    /// <summary>Enough of a find to recognise it, not enough to use it.</summary>
    private static string Shorten(string find) => find.Length <= 6 ? find : $"{find[..3]}…{find[^2..]}";

    /// <summary>Tags in order. What is repaired is told here: the check of structure sees the result.</summary>
    private TrainingRecord Tags(TrainingRecord record, FindingSink sink)
    {
        if (record.Shape != RecordShape.TokenClassification || !_settings.IsOn(CleaningRules.InvalidTags))
        {
            return record;
        }

        var invalid = TagSequence.Invalid(record.Tags!, out var first);
        if (_settings.Decide(CleaningRules.InvalidTags, invalid) != CleaningAction.Repair)
        {
            return record;
        }

        sink.Add(CleaningRules.InvalidTags, invalid, TagSequence.Describe(record.Tags!, first));
        return record with { Tags = TagSequence.Repair(record.Tags!) };
    }

    private static int Control(ReadOnlySpan<char> text)
    {
        var count = 0;
        for (var at = text.IndexOfAny(Controls); at >= 0; at = text.IndexOfAny(Controls))
        {
            count++;
            text = text[(at + 1)..];
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
            if (!Controls.Contains(c))
            {
                result.Append(c);
            }
        }

        return result.ToString();
    }
}
