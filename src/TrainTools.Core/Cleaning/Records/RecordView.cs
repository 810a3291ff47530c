using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Records;

/// <summary>One text of a record.</summary>
/// <param name="Role">Who says it: a role of a conversation, or prompt, completion, text, chosen, rejected.</param>
/// <param name="Text">The text.</param>
/// <param name="IsAnswer">Whether the model learns to say it.</param>
internal readonly record struct TextPart(string Role, string Text, bool IsAnswer);

/// <summary>
/// A record as the checks see it: what is given (input), what is to be learnt (output), the label or tags (outcome), and
/// every text apart. Plain text is input alone.
/// </summary>
internal sealed class RecordView
{
    private RecordView(TrainingRecord record, string input, string? output, string? outcome, TextPart[] parts)
    {
        Record = record;
        Input = input;
        Output = output;
        Outcome = outcome;
        Parts = parts;
    }

    /// <summary>The record.</summary>
    public TrainingRecord Record { get; }

    /// <summary>Prompt, all turns before the last answer, text or words.</summary>
    public string Input { get; }

    /// <summary>Completion or last answer; of a preference record the chosen and the rejected answer; null where there is none.</summary>
    public string? Output { get; }

    /// <summary>Label, labels or tags as one string; null where the shape has none.</summary>
    public string? Outcome { get; }

    /// <summary>Every text.</summary>
    public TextPart[] Parts { get; }

    /// <summary>Separates parts that are joined into one string for comparison.</summary>
    public const char Joint = '\u0002';

    public static RecordView Of(TrainingRecord record) => record.Shape switch
    {
        RecordShape.Text => new(record, record.Text!, null, null, [new("text", record.Text!, true)]),
        RecordShape.Classification => new(record, record.Text!, null, record.Label ?? string.Join(Joint, record.Labels ?? []), [new("text", record.Text!, false)]),
        RecordShape.TokenClassification => Words(record),
        RecordShape.PromptCompletion => new(
            record, PromptFrame.Strip(record.Prompt!), record.Completion, null,
            [new("prompt", record.Prompt!, false), new("completion", record.Completion!, true)]),
        RecordShape.Preference => Preference(PreferencePrompt.Extract(record), record),
        _ => Conversation(record),
    };

    /// <summary>Turns as one string; roles count, so that the same words from another speaker differ.</summary>
    internal static string Join(IEnumerable<ChatMessage> turns) => string.Join('\n', turns.Select(t => $"{t.Role}: {Said(t)}"));

    /// <summary>What a turn says: its text, or the tools it calls.</summary>
    internal static string Said(ChatMessage turn) => turn.Content ?? turn.Extra?["tool_calls"]?.ToJsonString() ?? "";

    private static RecordView Words(TrainingRecord record)
    {
        var text = string.Join(' ', record.Tokens!);
        return new(record, text, null, string.Join(' ', record.Tags!), [new("text", text, false)]);
    }

    private static RecordView Conversation(TrainingRecord record)
    {
        var turns = record.CompletionMessages is null ? record.Messages! : [.. record.Messages!, .. record.CompletionMessages];
        var last = turns.Count - 1;
        while (last >= 0 && turns[last].Role != "assistant")
        {
            last--;
        }

        var parts = new List<TextPart>(turns.Count);
        foreach (var turn in turns)
        {
            if (turn.Content is not null)
            {
                parts.Add(new TextPart(turn.Role, turn.Content, turn.Role == "assistant"));
            }
        }

        if (last < 0)
        {
            return new(record, Join(turns), null, null, [.. parts]);
        }

        var input = turns is [{ Role: "user", Content: not null } only, _] ? only.Content : Join(turns.Where((_, i) => i != last));
        return new(record, input, Said(turns[last]), null, [.. parts]);
    }

    private static RecordView Preference(TrainingRecord extracted, TrainingRecord record)
    {
        if (extracted.Chosen is not null)
        {
            return new(
                record, PromptFrame.Strip(extracted.Prompt!), $"{extracted.Chosen.Trim()}{Joint}{extracted.Rejected!.Trim()}", null,
                [new("prompt", extracted.Prompt!, false), new("chosen", extracted.Chosen, true), new("rejected", extracted.Rejected!, true)]);
        }

        var prompt = extracted.Messages!;
        var chosen = extracted.ChosenMessages!;
        var rejected = extracted.RejectedMessages!;
        List<TextPart> parts = [];
        parts.AddRange(prompt.Where(t => t.Content is not null).Select(t => new TextPart(t.Role, t.Content!, false)));
        parts.AddRange(chosen.Where(t => t.Content is not null).Select(t => new TextPart("chosen", t.Content!, true)));
        parts.AddRange(rejected.Where(t => t.Content is not null).Select(t => new TextPart("rejected", t.Content!, true)));
        return new(record, Join(prompt), $"{Join(chosen).Trim()}{Joint}{Join(rejected).Trim()}", null, [.. parts]);
    }

    /// <summary>The chosen and the rejected answer of a preference record.</summary>
    public (string Chosen, string Rejected) Answers()
    {
        var joint = Output!.IndexOf(Joint, StringComparison.Ordinal);
        return (Output[..joint], Output[(joint + 1)..]);
    }
}
