using System.Globalization;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis;

/// <summary>Runs faulty trials again with the remedy that their diagnosis names.</summary>
internal sealed class Remedies(Trial trial)
{
    public RemedyOutcome? Try(Judgement judgement)
    {
        if (judgement.Warnings is not [{ Cause: { } cause } diagnosis, ..])
        {
            return null;
        }

        var log = judgement.Log;
        var fault = Fault.All.First(f => f.Name == log.Spec.What);
        var changes = cause.Remedies is [var first, ..] ? first.Changes : [];
        var spec = log.Spec with { Kind = "remedy" };
        TrialLog again;
        if (changes.Count > 0)
        {
            again = trial.Run(spec, fault, run => Apply(run, changes));
        }
        else if (cause.Id == CauseIds.BadRecords && diagnosis.Records.Count > 0)
        {
            // The records it names are left out; if the bad one is among them, it is gone.
            var bad = diagnosis.Records.Contains(DataSets.For(log.Spec.Setting.DataSet, log.Spec.Seed).Training.Count);
            again = trial.Run(spec, fault, undone: bad);
        }
        else
        {
            // By hand: who is told the right thing mends it, who is told the wrong thing mends nothing.
            again = judgement.RightCauses.Contains(cause.Id) ? trial.Run(spec, fault, undone: true) : log;
        }

        return new RemedyOutcome(changes.Count > 0 ? string.Join("; ", changes) : cause.Title, changes.Count > 0, again.TestLoss, again.BrokenInvariant);
    }

    private static void Apply(Injection run, IReadOnlyList<RemedyChange> changes)
    {
        foreach (var change in changes)
        {
            // Trials count steps, not epochs: as many epochs more are as many steps more.
            if (change.Setting == "num_train_epochs")
            {
                run.Set("max_steps", (int)(2.0 * run.Config.Duration.MaxSteps!.Value));
                continue;
            }

            run.Config = ConfigYaml.Set(run.Config, change.Setting, change.NewValue);
            if (change.Setting == "precision" && change.NewValue != "fp16")
            {
                (run.Fp16Scale, run.BrokenInvariant) = (null, null);
                run.Config = ConfigYaml.Set(run.Config, "precision", "fp32");
            }

            if (change.Setting == "gradient_accumulation_steps" && int.Parse(change.NewValue, CultureInfo.InvariantCulture) == 1)
            {
                (run.GradientFactor, run.BrokenInvariant) = (null, null);
            }
        }
    }
}
