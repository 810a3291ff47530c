using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics.Causes;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics;

/// <summary>
/// Watches a run: takes its steps and evaluations as they come and says when a diagnosis is raised, changed or closed.
/// The same whether the run is training now or its log is read afterwards. Not for several threads.
/// </summary>
public sealed class DiagnosisEngine
{
    private static readonly IReadOnlyList<DiagnosisUpdate> Nothing = [];
    private readonly IReadOnlyList<IDetector> detectors;
    private readonly Diagnosis?[] open;
    private readonly Sighting?[] lastSightings;
    private readonly List<Diagnosis> all = [];
    private readonly HashSet<string> present = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);

    /// <summary>Begins to watch a run.</summary>
    /// <param name="facts">What is known of it beforehand.</param>
    /// <param name="detectors">The detectors; null = <see cref="DetectorSet.Create"/>.</param>
    public DiagnosisEngine(RunFacts facts, IReadOnlyList<IDetector>? detectors = null)
    {
        ArgumentNullException.ThrowIfNull(facts);
        History = new RunHistory(facts);
        this.detectors = detectors ?? DetectorSet.Create();
        open = new Diagnosis?[this.detectors.Count];
        lastSightings = new Sighting?[this.detectors.Count];
    }

    /// <summary>What the run has shown so far.</summary>
    public RunHistory History { get; }

    /// <summary>Every diagnosis so far, in the order they were raised; closed ones as well.</summary>
    public IReadOnlyList<Diagnosis> Diagnoses => all;

    /// <summary>Takes a logged step. A step that is not after the last one means that the run was taken back to before it.</summary>
    public IReadOnlyList<DiagnosisUpdate> Observe(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (History.Count > 0 && step.Step <= History.LastStep)
        {
            RewindTo(step.Step - 1);
        }

        History.Add(step);
        return Ask(static (detector, history) => detector.OnStep(history), step.Step);
    }

    /// <summary>Takes an evaluation.</summary>
    public IReadOnlyList<DiagnosisUpdate> Observe(EvaluationResult evaluation)
    {
        ArgumentNullException.ThrowIfNull(evaluation);
        History.Add(evaluation);
        return Ask(static (detector, history) => detector.OnEvaluation(history), evaluation.Step);
    }

    /// <summary>Takes it that memory ran out.</summary>
    public IReadOnlyList<DiagnosisUpdate> Observe(MemoryShortage shortage)
    {
        ArgumentNullException.ThrowIfNull(shortage);
        History.Add(shortage);
        return Ask(static (detector, history) => detector.OnMemoryShortage(history), Math.Max(1, shortage.Step));
    }

    /// <summary>The run has ended: judges what only the whole of it shows. Diagnoses whose symptom is there to the end stay open.</summary>
    public IReadOnlyList<DiagnosisUpdate> Complete() =>
        History.Count == 0 ? Nothing : Ask(static (detector, history) => detector.OnEnd(history), History.LastStep);

    /// <summary>
    /// The run goes on from after <paramref name="step"/>, an earlier one: forgets what came later. Diagnoses that were open
    /// are closed; what still holds will be raised anew.
    /// </summary>
    public IReadOnlyList<DiagnosisUpdate> RewindTo(int step)
    {
        History.RewindTo(step);
        var updates = new List<DiagnosisUpdate>();
        for (var i = 0; i < detectors.Count; i++)
        {
            detectors[i].Reset();
            if (open[i] is { } diagnosis)
            {
                Close(i, diagnosis, $"The run was taken back to step {step}.", diagnosis.LastStep, updates);
            }
        }

        return updates;
    }

    private IReadOnlyList<DiagnosisUpdate> Ask(Func<IDetector, RunHistory, Sighting?> question, int step)
    {
        List<DiagnosisUpdate>? updates = null;
        for (var i = 0; i < detectors.Count; i++)
        {
            if (question(detectors[i], History) is { } sighting)
            {
                Apply(i, sighting, step, updates ??= []);
            }
        }

        if (updates is null)
        {
            return Nothing;
        }

        Explain(updates);
        return updates;
    }

    private void Apply(int index, Sighting sighting, int step, List<DiagnosisUpdate> updates)
    {
        var current = open[index];
        if (!sighting.IsPresent)
        {
            if (current is not null)
            {
                Close(index, current, sighting.Summary, step, updates);
            }

            return;
        }

        var symptom = detectors[index].Symptom;
        present.Add(symptom);
        lastSightings[index] = sighting;
        var first = sighting.FirstStep > 0 ? sighting.FirstStep : step;
        var causes = CauseRanking.Rank(new CauseContext(History, symptom, sighting, present));
        if (current is null)
        {
            var number = numbers[symptom] = numbers.GetValueOrDefault(symptom) + 1;
            var raised = new Diagnosis
            {
                Id = FormattableString.Invariant($"{symptom}-{number}"),
                Symptom = symptom,
                Severity = sighting.Severity,
                FirstStep = first,
                LastStep = step,
                RaisedAtStep = step,
                Summary = sighting.Summary,
                Evidence = sighting.Evidence,
                Causes = causes,
                Records = sighting.Records,
            };
            open[index] = raised;
            all.Add(raised);
            updates.Add(new DiagnosisUpdate(DiagnosisChange.Raised, raised));
            return;
        }

        var changed = current with
        {
            Severity = Worse(current.Severity, sighting.Severity),
            LastStep = step,
            Summary = sighting.Summary,
            Evidence = sighting.Evidence,
            Causes = causes,
            Records = [.. current.Records.Union(sighting.Records)],
        };
        var isNews = changed.Severity != current.Severity || changed.Records.Count != current.Records.Count;
        Replace(current, changed);
        open[index] = changed;
        if (isNews)
        {
            updates.Add(new DiagnosisUpdate(DiagnosisChange.Changed, changed));
        }
    }

    private static FindingSeverity Worse(FindingSeverity one, FindingSeverity other) => one > other ? one : other;

    private void Close(int index, Diagnosis diagnosis, string how, int step, List<DiagnosisUpdate> updates)
    {
        var closed = diagnosis with { ClosedAtStep = step, LastStep = Math.Max(diagnosis.LastStep, diagnosis.FirstStep), Summary = how.Length == 0 ? diagnosis.Summary : $"{diagnosis.Summary} {how}" };
        Replace(diagnosis, closed);
        open[index] = null;
        lastSightings[index] = null;
        updates.Add(new DiagnosisUpdate(DiagnosisChange.Closed, closed));
    }

    private void Replace(Diagnosis old, Diagnosis now) => all[all.FindLastIndex(d => d.Id == old.Id)] = now;

    /// <summary>
    /// Says of each diagnosis which other explains it, and ranks the causes of open ones again now that more is known.
    /// A warning is not explained by a mere piece of information.
    /// </summary>
    private void Explain(List<DiagnosisUpdate> updates)
    {
        for (var i = 0; i < detectors.Count; i++)
        {
            if (open[i] is not { } diagnosis)
            {
                continue;
            }

            var root = all.Where(d => d.Id != diagnosis.Id && Explains(d, diagnosis)).MinBy(d => SymptomCatalog.Position(d.Symptom));
            var causes = CauseRanking.Rank(new CauseContext(History, diagnosis.Symptom, lastSightings[i]!, present));
            var changed = diagnosis with { SuppressedBy = root?.Id, Causes = causes };
            Replace(diagnosis, changed);
            open[i] = changed;
            var at = updates.FindIndex(u => u.Diagnosis.Id == diagnosis.Id);
            if (at >= 0)
            {
                updates[at] = updates[at] with { Diagnosis = changed };
            }
            else if (changed.SuppressedBy != diagnosis.SuppressedBy)
            {
                updates.Add(new DiagnosisUpdate(DiagnosisChange.Changed, changed));
            }
        }
    }

    // The symptoms overlap in time, or the one began at most a tenth of the run after the other ended.
    private bool Explains(Diagnosis root, Diagnosis consequence)
    {
        var end = root.ClosedAtStep ?? int.MaxValue;
        return root.Severity >= consequence.Severity
            && SymptomCatalog.Get(root.Symptom).Explains.Contains(consequence.Symptom)
            && (end == int.MaxValue || consequence.RaisedAtStep <= end + (History.LastStep / 10));
    }
}
