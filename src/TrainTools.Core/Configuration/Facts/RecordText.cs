using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using TrainTools.Core.Data;

namespace TrainTools.Core.Configuration;

/// <summary>The texts of a record, whatever its shape.</summary>
internal static class RecordText
{
    /// <summary>Characters in all.</summary>
    public static long Length(TrainingRecord record) => Parts(record).Sum(p => (long)p.Length);

    /// <summary>What the model is given and what it is to answer, in order.</summary>
    public static IEnumerable<string> Parts(TrainingRecord record) => Turns(record.Messages)
        .Concat(new[] { record.Text, record.Prompt, record.Completion, record.Chosen, record.Rejected }.OfType<string>())
        .Concat(Turns(record.CompletionMessages)).Concat(Turns(record.ChosenMessages)).Concat(Turns(record.RejectedMessages))
        .Concat(record.Tokens ?? []);

    /// <summary>What the model is given: everything without the answer or label; the whole where there is no such border.</summary>
    public static IEnumerable<string> Input(TrainingRecord record) => record.Shape switch
    {
        RecordShape.Messages => Turns(record.Messages?.TakeWhile(m => m.Role != "assistant").ToList()),
        RecordShape.ConversationalPromptCompletion or RecordShape.Preference => Turns(record.Messages).Concat(new[] { record.Prompt }.OfType<string>()),
        RecordShape.PromptCompletion => new[] { record.Prompt }.OfType<string>(),
        _ => Parts(record),
    };

    /// <summary>Hash of texts without regard to case and white space.</summary>
    public static UInt128 Hash(IEnumerable<string> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            foreach (var c in part)
            {
                if (!char.IsWhiteSpace(c))
                {
                    text.Append(char.ToLowerInvariant(c));
                }
            }

            text.Append('\n');
        }

        var hash = new XxHash128();
        foreach (var chunk in text.GetChunks())
        {
            hash.Append(MemoryMarshal.AsBytes(chunk.Span));
        }

        return hash.GetCurrentHashAsUInt128();
    }

    private static IEnumerable<string> Turns(IReadOnlyList<ChatMessage>? messages) => (messages ?? []).Select(m => m.Content ?? string.Empty);
}
