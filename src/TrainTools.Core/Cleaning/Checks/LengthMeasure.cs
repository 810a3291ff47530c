using System.Globalization;

using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>Length of a record's input and output, in tokens where a tokenizer is given and in words otherwise.</summary>
/// <param name="Input">Of the prompt or text.</param>
/// <param name="Output">Of the answer; -1 where there is none.</param>
internal readonly record struct RecordLength(int Input, int Output)
{
    public int Total => Input + Math.Max(0, Output);
}

/// <summary>Measures records and holds them against fixed limits.</summary>
internal sealed class LengthMeasure(ITextTokenizer? tokenizer, int? maxLength)
{
    /// <summary>Characters a token of ordinary text has, for estimates where no tokenizer is given.</summary>
    private const int CharactersPerToken = 4;

    public RecordLength Measure(RecordView view) =>
        new(Count(view.Input), view.Output is null ? -1 : Count(view.Output));

    /// <summary>Finds records that are too short, too long, or whose prompt leaves no room for the answer.</summary>
    public void Check(RecordView view, RecordLength length, FindingSink sink)
    {
        sink.Add(CleaningRules.TooShort, length.Total);
        if (maxLength is not { } limit)
        {
            return;
        }

        var input = tokenizer is null ? view.Input.Length / CharactersPerToken : length.Input;
        var total = tokenizer is null ? input + ((view.Output?.Length ?? 0) / CharactersPerToken) : length.Total;
        var detail = tokenizer is null ? "estimated from characters" : null;
        sink.Add(CleaningRules.TooLong, total, detail);
        if (view.Output is not null)
        {
            sink.Add(CleaningRules.NoSupervisedToken, (double)input / limit, string.Create(
                CultureInfo.InvariantCulture, $"prompt of {input} tokens{(detail is null ? "" : ", " + detail)}"));
        }
    }

    private int Count(string text) => tokenizer is null ? WordTokens.Count(text) : tokenizer.Encode(text, addSpecialTokens: false).Length;
}
