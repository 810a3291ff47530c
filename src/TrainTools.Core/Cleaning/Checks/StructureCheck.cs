using System.Globalization;

using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>What a conversation, a prompt with its completion, a preference or a tagged sentence must be to teach anything.</summary>
internal sealed class StructureCheck(TextNormalization normalization) : IRecordCheck
{
    public void Check(RecordView view, FindingSink sink)
    {
        var record = view.Record;
        switch (record.Shape)
        {
            case RecordShape.TokenClassification:
                Tags(record, sink);
                break;
            case RecordShape.Messages or RecordShape.ConversationalPromptCompletion:
                Roles(record.CompletionMessages is null ? record.Messages! : [.. record.Messages!, .. record.CompletionMessages], sink);
                Answers(view, sink);
                break;
            case RecordShape.PromptCompletion:
                Answers(view, sink);
                break;
            case RecordShape.Preference:
                Preference(view, sink);
                break;
        }

        if (string.IsNullOrWhiteSpace(view.Input) && record.Shape is not RecordShape.Preference)
        {
            sink.Add(CleaningRules.EmptyInput, 1);
        }
    }

    private static void Tags(TrainingRecord record, FindingSink sink)
    {
        var difference = Math.Abs(record.Tokens!.Count - record.Tags!.Count);
        if (difference > 0)
        {
            sink.Add(CleaningRules.TagCount, difference, string.Create(
                CultureInfo.InvariantCulture, $"{record.Tokens.Count} words, {record.Tags.Count} tags"));
        }

        var invalid = TagSequence.Invalid(record.Tags, out var first);
        if (invalid > 0)
        {
            sink.Add(CleaningRules.InvalidTags, invalid, TagSequence.Describe(record.Tags, first));
        }
    }

    private static void Roles(IReadOnlyList<ChatMessage> turns, FindingSink sink)
    {
        var unknown = turns.Count(t => t.Role is not ("system" or "developer" or "user" or "assistant" or "tool"));
        if (unknown > 0)
        {
            sink.Add(CleaningRules.UnknownRole, unknown, turns.First(t => t.Role is not ("system" or "developer" or "user" or "assistant" or "tool")).Role);
        }

        if (!turns.Any(t => t.Role == "assistant"))
        {
            sink.Add(CleaningRules.NoAnswer, 1);
            return;
        }

        var breaches = 0;
        string? previous = null;
        for (var i = 0; i < turns.Count; i++)
        {
            var role = turns[i].Role;
            if (role is "system" or "developer")
            {
                breaches += i > 0 ? 1 : 0;
                continue;
            }

            // Tools answer in any number, and an assistant may call them several times.
            breaches += previous == role && role is ("user" or "assistant") ? 1 : 0;
            breaches += previous is null && role == "assistant" ? 1 : 0;
            previous = role;
        }

        breaches += turns[^1].Role != "assistant" ? 1 : 0;
        if (breaches > 0)
        {
            sink.Add(CleaningRules.RoleOrder, breaches, string.Join(' ', turns.Take(12).Select(t => t.Role)));
        }
    }

    private void Answers(RecordView view, FindingSink sink)
    {
        var empty = 0;
        foreach (var part in view.Parts)
        {
            empty += part.IsAnswer && string.IsNullOrWhiteSpace(part.Text) ? 1 : 0;
        }

        if (empty > 0)
        {
            sink.Add(CleaningRules.EmptyAnswer, empty);
        }
        else if (view.Output is { } output && (SameText(output, view.Input) || (view.Record.Prompt is { } prompt && prompt.Length != view.Input.Length && SameText(output, prompt))))
        {
            sink.Add(CleaningRules.AnswerEqualsPrompt, 1);
        }
    }

    private void Preference(RecordView view, FindingSink sink)
    {
        // What both answers share has moved into the prompt, so equal answers are empty here: look at them as they stood.
        var record = view.Record;
        var (chosen, rejected) = record.Chosen is not null
            ? (record.Chosen, record.Rejected!)
            : (RecordView.Join(record.ChosenMessages!), RecordView.Join(record.RejectedMessages!));
        if (SameText(chosen, rejected))
        {
            sink.Add(CleaningRules.ChosenEqualsRejected, 1);
            return;
        }

        var (best, worst) = view.Answers();
        if (string.IsNullOrWhiteSpace(best) || string.IsNullOrWhiteSpace(worst))
        {
            sink.Add(CleaningRules.EmptyAnswer, 1);
        }
        else if (SameText(best, view.Input) || SameText(worst, view.Input))
        {
            sink.Add(CleaningRules.AnswerEqualsPrompt, 1);
        }
    }

    private bool SameText(string a, string b) =>
        Math.Abs(a.Length - b.Length) <= 0.5 * Math.Max(a.Length, b.Length)
        && MayBeginAlike(a.AsSpan().TrimStart(), b.AsSpan().TrimStart())
        && TextNormalizer.Normalize(a, normalization) == TextNormalizer.Normalize(b, normalization);

    /// <summary>Whether the first characters leave it open that two texts are the same: spares most pairs the normalisation.</summary>
    private static bool MayBeginAlike(ReadOnlySpan<char> a, ReadOnlySpan<char> b) =>
        a.IsEmpty || b.IsEmpty || !char.IsAsciiLetterOrDigit(a[0]) || !char.IsAsciiLetterOrDigit(b[0]) || char.ToLowerInvariant(a[0]) == char.ToLowerInvariant(b[0]);
}
