using TrainTools.Core.Cleaning.Scores;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization;
using TrainTools.Core.Tokenization.Chat;

namespace TrainTools.Core.Samples;

/// <summary>
/// Turns a record into token ids and labels, as TRL's SFTTrainer prepares a data set: the end token is added to plain text
/// and completions only, and only where it is missing; conversations rely on the template; prompt and completion are
/// tokenised together and the prompt's tokens get no label. Safe to use from several threads at once.
/// </summary>
public sealed class SampleEncoder : IRecordEncoder
{
    private readonly IOffsetTokenizer tokenizer;
    private readonly SampleOptions options;
    private readonly ChatTemplate? template;

    /// <summary>Makes an encoder.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="options">How.</param>
    /// <param name="template">Chat template; needed for conversations only.</param>
    public SampleEncoder(IOffsetTokenizer tokenizer, SampleOptions options, ChatTemplate? template = null)
    {
        this.tokenizer = tokenizer;
        this.options = options;
        this.template = template;
    }

    /// <summary>The record's tokens, neither truncated nor packed.</summary>
    /// <exception cref="TrainToolsException">
    /// RecordShapeUnsupported, ChatTemplateMissing, AssistantTokensMissing, or what the template says of the conversation; each names the record.
    /// </exception>
    public EncodedRecord Encode(TrainingRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (options.AssistantOnlyLoss && record.Shape is not (RecordShape.Messages or RecordShape.ConversationalPromptCompletion))
        {
            throw new TrainToolsException(
                ErrorIds.RecordShapeUnsupported, ErrorKind.InvalidData, $"{Place(record)}: assistant_only_loss needs conversations, and this record is not one.",
                "Turn assistant_only_loss off, or use data with messages.", record.SourceFile);
        }

        return record.Shape switch
        {
            RecordShape.Text => Plain(record, record.Text ?? ""),
            RecordShape.PromptCompletion => PromptCompletion(record),
            RecordShape.Messages => Conversation(record),
            RecordShape.ConversationalPromptCompletion => ConversationalPromptCompletion(record),
            _ => throw new TrainToolsException(
                ErrorIds.RecordShapeUnsupported, ErrorKind.NotSupported, $"{Place(record)}: a {record.Shape} record cannot be trained on as language.",
                "Use text, prompt-completion or messages, or choose the task_type that fits the data.", record.SourceFile),
        };
    }

    /// <summary>File and line of a record, as errors name it.</summary>
    public static string Place(TrainingRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.SourceFile is null
            ? FormattableString.Invariant($"Record {record.Index}")
            : FormattableString.Invariant($"{record.SourceFile}({record.SourceLine})");
    }

    private EncodedRecord Plain(TrainingRecord record, string text)
    {
        var ids = tokenizer.Encode(WithEnd(text));
        return new EncodedRecord(Sample(record, ids, null, null));
    }

    private EncodedRecord PromptCompletion(TrainingRecord record)
    {
        var prompt = tokenizer.Encode(record.Prompt ?? "");
        var ids = tokenizer.Encode((record.Prompt ?? "") + WithEnd(record.Completion ?? ""));
        return Joined(record, prompt, ids, null);
    }

    private EncodedRecord Conversation(TrainingRecord record)
    {
        var (ids, assistant) = Rendered(record, record.Messages ?? []);
        return new EncodedRecord(Sample(record, ids, null, assistant));
    }

    private EncodedRecord ConversationalPromptCompletion(TrainingRecord record)
    {
        var prompt = tokenizer.Encode(Text(record, record.Messages ?? [], addGenerationPrompt: true), addSpecialTokens: false);
        var (ids, assistant) = Rendered(record, [.. record.Messages ?? [], .. record.CompletionMessages ?? []]);
        return Joined(record, prompt, ids, assistant);
    }

    private EncodedRecord Joined(TrainingRecord record, int[] prompt, int[] ids, bool[]? assistant)
    {
        int? promptLength = options.CompletionOnlyLoss ?? true ? Math.Min(prompt.Length, ids.Length) : null;
        return new EncodedRecord(Sample(record, ids, promptLength, assistant)) { PromptSplitsToken = !ids.AsSpan().StartsWith(prompt) };
    }

    private (int[] Ids, bool[]? Assistant) Rendered(TrainingRecord record, IReadOnlyList<ChatMessage> messages)
    {
        if (!options.AssistantOnlyLoss)
        {
            return (tokenizer.Encode(Text(record, messages, addGenerationPrompt: false), addSpecialTokens: false), null);
        }

        var (text, spans) = Named(record, () => AssistantText.Find(Template(record), messages, record.Tools));
        var tokens = tokenizer.EncodeAligned(text, addSpecialTokens: false);
        var mask = AssistantText.Mask(tokens, spans);
        return mask.Contains(true) ? (tokens.Ids, mask) : throw new TrainToolsException(
            ErrorIds.AssistantTokensMissing, ErrorKind.InvalidData,
            $"{Place(record)}: the conversation has no assistant text, so nothing would be learnt from it (assistant_only_loss).",
            "Remove the record, or turn assistant_only_loss off.", record.SourceFile);
    }

    private string Text(TrainingRecord record, IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) =>
        Named(record, () => Template(record).Render(messages, addGenerationPrompt, record.Tools).Text);

    private ChatTemplate Template(TrainingRecord record) => template ?? throw new TrainToolsException(
        ErrorIds.ChatTemplateMissing, ErrorKind.InvalidData, $"{Place(record)} is a conversation, and the model has no chat template.",
        "Give one with chat_template_path, or use data with text or prompt and completion.", record.SourceFile);

    // The template knows the conversation, not where it came from.
    private static T Named<T>(TrainingRecord record, Func<T> render)
    {
        try
        {
            return render();
        }
        catch (TrainToolsException e) when (e.ErrorId != ErrorIds.ChatTemplateMissing)
        {
            throw new TrainToolsException(e.ErrorId, e.Kind, $"{Place(record)}: {e.Message}", e.Remedy, record.SourceFile ?? e.Target, e);
        }
    }

    private string WithEnd(string text) =>
        tokenizer.EosToken is { } end && !text.EndsWith(end, StringComparison.Ordinal) ? text + end : text;

    private static TrainingSample Sample(TrainingRecord record, int[] ids, int? promptLength, bool[]? mask)
    {
        var labels = (int[])ids.Clone();
        for (var i = 0; i < labels.Length; i++)
        {
            if (i < promptLength || mask?[i] == false)
            {
                labels[i] = TrainingSample.Ignored;
            }
        }

        return new TrainingSample { InputIds = ids, Labels = labels, RecordIndexes = [record.Index], Difficulty = CurriculumScore.Of(record) };
    }
}
