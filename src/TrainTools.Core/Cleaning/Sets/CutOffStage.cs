using System.Globalization;

using TrainTools.Core.Cleaning.Checks;

namespace TrainTools.Core.Cleaning.Sets;

/// <summary>
/// Answers that stop in the middle. Some show it by themselves (a comma last, an open code block). Others do only beside
/// the rest of the set: where nearly all answers end in punctuation, or in a final answer, one that does not is cut.
/// </summary>
internal static class CutOffStage
{
    private const int LeastAnswers = 20;

    public static void Run(CleaningState state)
    {
        if (!state.Settings.IsOn(CleaningRules.CutOff))
        {
            return;
        }

        var counts = new int[Enum.GetValues<EndingKind>().Length];
        for (var record = 0; record < state.Table.Count; record++)
        {
            counts[(int)state.Table.Ending(record)]++;
        }

        var known = counts.Sum() - counts[(int)EndingKind.Unknown];
        var final = Share(counts[(int)EndingKind.FinalAnswer], known);
        var closed = Share(counts[(int)EndingKind.FinalAnswer] + counts[(int)EndingKind.Terminal] + counts[(int)EndingKind.Layout], known);
        for (var record = 0; record < state.Table.Count; record++)
        {
            if (state.IsRemoved(record))
            {
                continue;
            }

            var kind = state.Table.Ending(record);
            var (value, detail) = kind switch
            {
                EndingKind.Unknown or EndingKind.FinalAnswer => (0, null),
                EndingKind.Cut => (1, "ends in the middle"),
                _ when final > 0.5 => (final, string.Create(CultureInfo.InvariantCulture, $"{final:P1} of the answers end in a final answer")),
                EndingKind.Open => (closed, string.Create(CultureInfo.InvariantCulture, $"{closed:P1} of the answers end in punctuation")),
                _ => (0.0, (string?)null),
            };
            if (CleaningRules.CutOff.Counts(value, state.Settings.Threshold(CleaningRules.CutOff)))
            {
                state.Add(record, CleaningRules.CutOff, value, detail);
            }
        }
    }

    private static double Share(int count, int known) => known < LeastAnswers ? 0 : (double)count / known;
}
