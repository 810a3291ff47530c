using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Errors;
using TrainTools.Core.Cleaning.Text;

namespace TrainTools.Core.Cleaning.Scores;

/// <summary>Scores records for a curriculum (low = easy) or for choosing among duplicates (low = good).</summary>
internal sealed class RecordScorer(ScoreKind? kind, IReadOnlyList<double>? losses)
{
    /// <summary>Whether anything is scored.</summary>
    public bool IsOn => kind is not null;

    /// <summary>Refuses losses whose number is not that of the records.</summary>
    /// <exception cref="TrainToolsException">CleaningOptionInvalid.</exception>
    public void CheckCount(int records)
    {
        if (losses is not null && losses.Count != records)
        {
            throw new TrainToolsException(
                ErrorIds.CleaningOptionInvalid, ErrorKind.InvalidData, FormattableString.Invariant($"The file of losses holds {losses.Count} losses; the data set has {records} records."),
                "Give one loss a record, in the records' order; lines that are no records have none.");
        }
    }

    public double Score(RecordView view, RecordLength length, IReadOnlyList<Finding> findings) => kind switch
    {
        ScoreKind.Length => length.Output >= 0 ? length.Output : length.Input,
        ScoreKind.Readability => Readability.Grade(view.Output ?? view.Input),
        ScoreKind.Quality => Quality(findings),
        // Too few losses are told once the number of records is known.
        ScoreKind.Loss => view.Record.Index < losses!.Count ? losses[(int)view.Record.Index] : double.NaN,
        _ => 0,
    };

    private static double Quality(IReadOnlyList<Finding> findings)
    {
        var score = 0.0;
        foreach (var finding in findings)
        {
            score += finding.Action switch
            {
                CleaningAction.Remove => 1,
                CleaningAction.Flag => 0.3,
                CleaningAction.Repair or CleaningAction.Mask => 0.1,
                _ => 0,
            };
        }

        return score;
    }
}
