using System.Buffers;

using TrainTools.Core.Cleaning.Records;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>Phrases by which assistants talk about themselves or refuse, which models pick up quickly.</summary>
internal sealed class BoilerplateCheck : IRecordCheck
{
    private static readonly string[] Phrases =
    [
        "as an ai language model", "as a language model", "as an ai model", "as an artificial intelligence", "as an ai assistant", "i am an ai language model", "i'm an ai language model",
        "as an ai, i", "i'm just an ai", "i am just an ai", "my knowledge cutoff", "my training data only goes", "as of my last knowledge update", "i do not have personal opinions", "i don't have personal opinions",
        "i cannot fulfill that request", "i can't fulfill that request", "i cannot fulfill your request", "i'm sorry, but i cannot assist", "i'm sorry, but i can't assist", "i am sorry, but i cannot",
        "regenerate response", "openai's", "i am chatgpt", "i'm chatgpt", "trained by openai", "developed by openai",
    ];

    private static readonly SearchValues<string> Search = SearchValues.Create(Phrases, StringComparison.OrdinalIgnoreCase);

    public void Check(RecordView view, FindingSink sink)
    {
        var count = 0;
        string? first = null;
        foreach (var part in view.Parts)
        {
            if (!part.IsAnswer || part.Role == "text")
            {
                continue;
            }

            var text = part.Text.AsSpan();
            for (var at = text.IndexOfAny(Search); at >= 0; at = text.IndexOfAny(Search))
            {
                count++;
                first ??= text.Slice(at, Math.Min(40, text.Length - at)).ToString();
                text = text[(at + 5)..];
            }
        }

        if (count > 0)
        {
            sink.Add(CleaningRules.Boilerplate, count, first);
        }
    }
}
