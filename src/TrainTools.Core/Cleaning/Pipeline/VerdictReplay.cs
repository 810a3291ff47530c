using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Reports;
using TrainTools.Core.Cleaning.Sets;

namespace TrainTools.Core.Cleaning.Pipeline;

/// <summary>Decides verdicts of an earlier run anew, with other thresholds or actions, without looking at the records again.</summary>
internal static class VerdictReplay
{
    /// <summary>Puts the verdicts into a state with the actions that follow from its settings.</summary>
    /// <param name="state">Its table holds all records.</param>
    /// <param name="header">The earlier run.</param>
    /// <param name="verdicts">Its verdicts, by record.</param>
    public static void Apply(CleaningState state, VerdictHeader header, IEnumerable<CleaningVerdict> verdicts)
    {
        var before = new RuleSettings(header.Options);
        foreach (var verdict in verdicts)
        {
            if (CleaningRules.Find(verdict.Rule) is not { } rule || !state.Settings.IsOn(rule) || verdict.Index >= state.Table.Count)
            {
                continue;
            }

            var record = (int)verdict.Index;
            var evidence = (int)(verdict.EvidenceIndex ?? -1);
            var action = Decide(state, before, rule, verdict);

            // A near duplicate goes only while what it resembles stays: lowered thresholds must not merge chains.
            if (action == CleaningAction.Remove && rule == CleaningRules.NearDuplicate && evidence >= 0 && state.IsRemoved(evidence))
            {
                action = CleaningAction.None;
            }

            state.Add(record, new Finding(rule, verdict.Value, verdict.Detail, action, evidence));
        }
    }

    private static CleaningAction Decide(CleaningState state, RuleSettings before, CleaningRule rule, CleaningVerdict verdict)
    {
        var decided = state.Settings.Decide(rule, verdict.Value);

        // Where the action was not the threshold's doing (a policy's, among conflicts), it stays while the value counts.
        return before.Decide(rule, verdict.Value) == verdict.Action ? decided
            : rule.Counts(verdict.Value, state.Settings.Threshold(rule)) ? verdict.Action
            : CleaningAction.None;
    }
}
