using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Diagnostics;

public sealed class DiagnosisEngineTests
{
    [Fact]
    public void Says_what_it_raises_changes_and_closes()
    {
        var engine = new DiagnosisEngine(new RunFacts(), [new Scripted(Symptoms.LossSpike, FindingSeverity.Info, 2, 5)]);
        var updates = Enumerable.Range(1, 6).SelectMany(s => engine.Observe(new TrainingStep { Step = s, Loss = 1 })).ToList();
        Assert.Equal([DiagnosisChange.Raised, DiagnosisChange.Closed], updates.Select(u => u.Change));
        var diagnosis = Assert.Single(engine.Diagnoses);
        Assert.Equal(("LossSpike-1", 2, 5), (diagnosis.Id, diagnosis.RaisedAtStep, diagnosis.ClosedAtStep));
    }

    [Fact]
    public void A_root_explains_its_consequences()
    {
        var engine = new DiagnosisEngine(
            new RunFacts { LearningRate = 1 },
            [new Scripted(Symptoms.LossSpike, FindingSeverity.Info, 2, 9), new Scripted(Symptoms.LossExplodes, FindingSeverity.Error, 3, 9), new Scripted(Symptoms.DataStarvation, FindingSeverity.Warning, 3, 9)]);
        for (var step = 1; step <= 4; step++)
        {
            engine.Observe(new TrainingStep { Step = step, Loss = 1 });
        }

        Assert.Equal("LossExplodes-1", engine.Diagnoses.Single(d => d.Symptom == Symptoms.LossSpike).SuppressedBy);
        Assert.True(engine.Diagnoses.Single(d => d.Symptom == Symptoms.LossExplodes).IsRoot);
        Assert.True(engine.Diagnoses.Single(d => d.Symptom == Symptoms.DataStarvation).IsRoot);
    }

    [Fact]
    public void Information_does_not_explain_a_warning()
    {
        var engine = new DiagnosisEngine(
            new RunFacts(), [new Scripted(Symptoms.LossFluctuates, FindingSeverity.Info, 2, 9), new Scripted(Symptoms.LossSpike, FindingSeverity.Warning, 3, 9), new Scripted(Symptoms.UpdateTooLarge, FindingSeverity.Info, 1, 9)]);
        for (var step = 1; step <= 4; step++)
        {
            engine.Observe(new TrainingStep { Step = step, Loss = 1 });
        }

        Assert.True(engine.Diagnoses.Single(d => d.Symptom == Symptoms.LossSpike).IsRoot);
        Assert.False(engine.Diagnoses.Single(d => d.Symptom == Symptoms.LossFluctuates).IsRoot);
    }

    [Fact]
    public void A_step_that_goes_back_forgets_what_came_later()
    {
        var run = new MadeUpRun { Noise = 0.05 }.Go(300).Go(60, _ => 9);
        run.AssertRaised(Symptoms.LossExplodes);
        var updates = run.Engine.Observe(new TrainingStep { Step = 300, Loss = MadeUpRun.Healthy(300), GradNorm = 0.5, LearningRate = 1e-3 });
        Assert.Contains(updates.Concat(run.Updates), u => u.Diagnosis.Symptom == Symptoms.LossExplodes);
        Assert.All(run.Engine.Diagnoses, d => Assert.False(d.IsOpen));
        Assert.Equal(300, run.Engine.History.LastStep);
        Assert.Equal(300, run.Engine.History.Count);
    }

    [Fact]
    public void Gaps_and_another_logging_interval_raise_nothing()
    {
        var run = new MadeUpRun { Noise = 0.1 }.Go(200);
        run.Interval = 10;
        run.Go(60);
        run.Interval = 500;
        run.Go(1);
        run.Interval = 1;
        run.Go(200).End().AssertQuiet();
    }

    [Fact]
    public void Replaying_a_log_gives_what_was_said_live()
    {
        var steps = new List<TrainingStep>();
        var live = new MadeUpRun { Noise = 0.05 }.Go(300, null, Keep).Go(80, _ => 6, Keep);
        var replay = new DiagnosisEngine(live.Engine.History.Facts);
        foreach (var step in steps)
        {
            replay.Observe(step);
        }

        Assert.NotEmpty(replay.Diagnoses);
        Assert.Equal(live.Engine.Diagnoses.Select(d => d.ToString()), replay.Diagnoses.Select(d => d.ToString()));

        TrainingStep Keep(TrainingStep step)
        {
            steps.Add(step);
            return step;
        }
    }

    [Fact]
    public void The_log_holds_each_diagnosis_as_it_last_was()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            var run = new MadeUpRun { Noise = 0.05 }.Go(300).Go(60, _ => 9).Go(60, null, s => s with { Loss = double.NaN }).Go(100);
            foreach (var update in run.Updates)
            {
                DiagnosisLog.Append(path, update);
            }

            File.AppendAllText(path, "{\"id\":\"cut of");
            var read = DiagnosisLog.Read(path);
            Assert.Equal(run.Engine.Diagnoses.Select(d => d.Id).Order(), read.Select(d => d.Id).Order());
            foreach (var diagnosis in run.Engine.Diagnoses.Where(d => !d.IsOpen))
            {
                var again = read.Single(d => d.Id == diagnosis.Id);
                Assert.Equal(diagnosis.Summary, again.Summary);
                Assert.Equal(diagnosis.ClosedAtStep, again.ClosedAtStep);
                Assert.Equal(diagnosis.Causes.Select(c => c.ToString()), again.Causes.Select(c => c.ToString()));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private sealed class Scripted(string symptom, FindingSeverity severity, int from, int to) : IDetector
    {
        public string Symptom => symptom;

        public Sighting? OnStep(RunHistory history) => history.LastStep == from ? new Sighting { Severity = severity, Summary = "seen" }
            : history.LastStep == to ? Sighting.Ended("gone") : null;
    }
}
