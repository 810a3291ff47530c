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

    /// <summary>In fewer records a word that occurs once says nothing.</summary>
    private const int LeastForWords = 500;

    /// <summary>How sure a cut is where the last word occurs nowhere else.</summary>
    private const double UnknownWord = 0.95;

    /// <summary>Limits between the lengths that are told apart, in words or tokens.</summary>
    private static readonly int[] Lengths = [20, 50, 120];

    public static void Run(CleaningState state)
    {
        if (!state.Settings.IsOn(CleaningRules.CutOff))
        {
            return;
        }

        var counts = Count(state);
        var all = Sum(counts);
        var final = Share(all, EndingKind.FinalAnswer);
        for (var record = 0; record < state.Table.Count; record++)
        {
            if (state.IsRemoved(record))
            {
                continue;
            }

            var (kind, isProse) = state.Table.Ending(record);
            var alike = Alike(counts, all, state.Table.Output(record), isProse);
            var closed = Share(alike, EndingKind.FinalAnswer, EndingKind.Terminal, EndingKind.Layout);
            var (value, detail) = kind switch
            {
                EndingKind.Unknown or EndingKind.FinalAnswer => (0, null),
                EndingKind.Cut => (1, "ends in the middle"),
                _ when final > 0.5 => (final, string.Create(CultureInfo.InvariantCulture, $"{final:P1} of the answers end in a final answer")),
                EndingKind.Open when closed < UnknownWord && EndsInUnknownWord(state, record) => (UnknownWord, "its last word occurs nowhere else in the set"),
                EndingKind.Open => (closed, string.Create(CultureInfo.InvariantCulture, $"{closed:P1} of the answers like it end in punctuation")),
                _ => (0.0, (string?)null),
            };
            if (CleaningRules.CutOff.Counts(value, state.Settings.Threshold(CleaningRules.CutOff)))
            {
                state.Add(record, CleaningRules.CutOff, value, detail);
            }
        }
    }

    private static bool EndsInUnknownWord(CleaningState state, int record) =>
        state.Table.Count >= LeastForWords && state.Words is { } words && state.Table.LastWord(record) is >= 0 and var word && !words.IsKnown(word);

    /// <summary>Answers by length and ending. What goes anyway (emptied, repeated, copied) says nothing about how answers end.</summary>
    private static int[][] Count(CleaningState state)
    {
        var counts = Enumerable.Range(0, 2 * (Lengths.Length + 1)).Select(_ => new int[Enum.GetValues<EndingKind>().Length]).ToArray();
        for (var record = 0; record < state.Table.Count; record++)
        {
            if (!state.IsRemoved(record))
            {
                var (kind, isProse) = state.Table.Ending(record);
                counts[Bucket(state.Table.Output(record), isProse)][(int)kind]++;
            }
        }

        return counts;
    }

    /// <summary>
    /// Short answers often do without punctuation where long ones never do, and lists where running text never does: answers
    /// are held against those of their length and kind.
    /// </summary>
    private static int[] Alike(int[][] counts, int[] all, int length, bool isProse)
    {
        var bucket = counts[Bucket(length, isProse)];
        if (Known(bucket) >= LeastAnswers)
        {
            return bucket;
        }

        var kind = Sum(counts[(isProse ? Lengths.Length + 1 : 0)..(isProse ? counts.Length : Lengths.Length + 1)]);
        return Known(kind) >= LeastAnswers ? kind : all;
    }

    private static int[] Sum(int[][] counts) => [.. Enumerable.Range(0, counts[0].Length).Select(kind => counts.Sum(c => c[kind]))];

    private static int Bucket(int length, bool isProse)
    {
        var bucket = Array.FindIndex(Lengths, limit => length < limit);
        return (bucket < 0 ? Lengths.Length : bucket) + (isProse ? Lengths.Length + 1 : 0);
    }

    private static int Known(int[] counts) => counts.Sum() - counts[(int)EndingKind.Unknown];

    private static double Share(int[] counts, params ReadOnlySpan<EndingKind> kinds)
    {
        var known = Known(counts);
        var count = 0;
        foreach (var kind in kinds)
        {
            count += counts[(int)kind];
        }

        return known < LeastAnswers ? 0 : (double)count / known;
    }
}
