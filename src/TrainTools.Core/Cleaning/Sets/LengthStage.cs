using System.Globalization;

namespace TrainTools.Core.Cleaning.Sets;

/// <summary>Lengths that are unusual for the set: Tukey's fences on log lengths, inputs and answers apart.</summary>
internal static class LengthStage
{
    private const int LeastRecords = 30;

    /// <summary>Where nearly all records have one length, half as much again is nothing odd yet.</summary>
    private const double LeastRange = 0.25;

    public static void Run(CleaningState state)
    {
        Run(state, CleaningRules.OddPrompt, state.Table.Input);
        Run(state, CleaningRules.OddAnswer, state.Table.Output);
    }

    private static void Run(CleaningState state, CleaningRule rule, Func<int, int> length)
    {
        if (!state.Settings.IsOn(rule))
        {
            return;
        }

        var logs = new List<double>();
        for (var record = 0; record < state.Table.Count; record++)
        {
            if (length(record) > 0 && !state.IsRemoved(record))
            {
                logs.Add(Math.Log(length(record)));
            }
        }

        if (logs.Count < LeastRecords)
        {
            return;
        }

        logs.Sort();
        var low = Quantile(logs, 0.25);
        var high = Quantile(logs, 0.75);
        var range = Math.Max(LeastRange, high - low);

        for (var record = 0; record < state.Table.Count; record++)
        {
            if (length(record) <= 0 || state.IsRemoved(record))
            {
                continue;
            }

            var log = Math.Log(length(record));
            var beyond = log > high ? (log - high) / range : (low - log) / range;
            if (rule.Counts(beyond, state.Settings.Threshold(rule)))
            {
                state.Add(record, rule, beyond, string.Create(
                    CultureInfo.InvariantCulture, $"{length(record)}, usual: {Math.Exp(low):F0} to {Math.Exp(high):F0}"));
            }
        }
    }

    /// <summary>Quantile of sorted values, interpolated.</summary>
    internal static double Quantile(IReadOnlyList<double> sorted, double share)
    {
        var place = share * (sorted.Count - 1);
        var below = (int)place;
        return below + 1 >= sorted.Count ? sorted[^1] : sorted[below] + ((place - below) * (sorted[below + 1] - sorted[below]));
    }
}
