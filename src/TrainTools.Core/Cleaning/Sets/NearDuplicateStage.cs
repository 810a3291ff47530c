using System.Globalization;

using TrainTools.Core.Cleaning.Duplicates;

namespace TrainTools.Core.Cleaning.Sets;

/// <summary>Near duplicates among the records that are left, and near equal inputs with contradicting outcomes.</summary>
internal sealed class NearDuplicateStage : IDisposable
{
    /// <summary>Similarities this far below the threshold are noted, so that it can be lowered on the verdicts.</summary>
    private const double Margin = 0.1;

    private readonly NearDuplicateOptions _options;

    public NearDuplicateStage(NearDuplicateOptions options, long memoryBytes)
    {
        _options = options;
        Index = new NearDuplicateIndex(options, Lowest(options.Threshold), memoryBytes);
    }

    public NearDuplicateIndex Index { get; }

    /// <summary>Lowest similarity that is noted at a threshold.</summary>
    public static double Lowest(double threshold) => Math.Max(0.5 * threshold, threshold - Margin);

    public void Run(CleaningState state, int[]? order, int threads, CancellationToken cancellationToken)
    {
        Index.Threads = threads;
        foreach (var match in Index.Match(order, state.IsRemoved, (a, b) => SameOutcome(state, a, b), m => Removes(state, m), cancellationToken))
        {
            if (!match.SameOutcome)
            {
                if (match.Similarity.Input >= state.Settings.Threshold(CleaningRules.ConflictNear) && match.Similarity.Numbers >= 1)
                {
                    state.Add(match.Record, CleaningRules.ConflictNear, match.Similarity.Input, null, match.Kept);
                }
            }
            else if (match.Similarity.Numbers < _options.NumberAgreement)
            {
                state.Add(match.Record, CleaningRules.NumberVariant, match.Similarity.Least, string.Create(
                    CultureInfo.InvariantCulture, $"{100 * match.Similarity.Numbers:F0} % of the numbers agree"), match.Kept);
            }
            else
            {
                state.Add(match.Record, CleaningRules.NearDuplicate, match.Similarity.Least, Detail(match.Similarity), match.Kept);
            }
        }
    }

    public void Dispose() => Index.Dispose();

    private static string? Detail(Similarity similarity) => similarity.Overall - similarity.Least < 0.05
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"overall {similarity.Overall:F2}, input {similarity.Input:F2}, output {similarity.Output:F2}");

    private static bool SameOutcome(CleaningState state, int a, int b) =>
        !(state.Table.IsClosed(a) && state.Table.IsClosed(b)) || state.Table.Outcome(a) == state.Table.Outcome(b);

    private bool Removes(CleaningState state, NearMatch match) =>
        match.SameOutcome && match.Similarity.Numbers >= _options.NumberAgreement
        && state.Settings.Decide(CleaningRules.NearDuplicate, match.Similarity.Least) == CleaningAction.Remove;
}
