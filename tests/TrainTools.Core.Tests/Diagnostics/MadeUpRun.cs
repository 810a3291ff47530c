using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Diagnostics;

/// <summary>A run made up for a test: feeds an engine point by point and keeps what it says.</summary>
internal sealed class MadeUpRun
{
    private readonly Random random;

    public MadeUpRun(RunFacts? facts = null, int seed = 1)
    {
        random = new Random(seed);
        Engine = new DiagnosisEngine(facts ?? new RunFacts { MaxSteps = 1000, WarmupSteps = 20, LearningRate = 1e-3, MaxGradNorm = 1, MicroBatchRows = 16, Accumulation = 1 });
    }

    public DiagnosisEngine Engine { get; }

    public List<DiagnosisUpdate> Updates { get; } = [];

    public int Step { get; private set; }

    /// <summary>Steps between points.</summary>
    public int Interval { get; set; } = 1;

    /// <summary>Standard deviation of ln(loss) from point to point.</summary>
    public double Noise { get; set; } = 0.1;

    /// <summary>Chance that a point's noise is three times as large.</summary>
    public double Tail { get; set; } = 0.02;

    /// <summary>A healthy curve: a power law from 5 towards 1.</summary>
    public static double Healthy(int step) => 1 + (4 / Math.Pow(1 + (step / 20.0), 0.7));

    public MadeUpRun Go(int points, Func<int, double>? loss = null, Func<TrainingStep, TrainingStep>? with = null)
    {
        for (var i = 0; i < points; i++)
        {
            Step += Interval;
            var scale = Noise * (random.NextDouble() < Tail ? 3 : 1) / Math.Sqrt(Interval);
            var step = new TrainingStep
            {
                Step = Step,
                Epoch = Step / 100.0,
                Loss = (loss ?? Healthy)(Step) * Math.Exp(scale * Normal()),
                GradNorm = 0.5 * Math.Exp(0.2 * Normal()),
                LearningRate = 1e-3 * Math.Min(1, Step / 20.0),
                NumInputTokens = 1000,
                NumSupervisedTokens = 500,
                StepSeconds = 0.1,
            };
            Updates.AddRange(Engine.Observe(with is null ? step : with(step)));
        }

        return this;
    }

    /// <summary>The run was taken back to after a step, and goes on from there.</summary>
    public MadeUpRun BackTo(int step)
    {
        Step = step;
        return this;
    }

    public MadeUpRun Evaluate(double loss)
    {
        Updates.AddRange(Engine.Observe(new EvaluationResult { Step = Step, Epoch = Step / 100.0, Metrics = new Dictionary<string, double> { ["eval_loss"] = loss } }));
        return this;
    }

    public MadeUpRun RunOut(MemoryShortage shortage)
    {
        Updates.AddRange(Engine.Observe(shortage));
        return this;
    }

    public MadeUpRun End()
    {
        Updates.AddRange(Engine.Complete());
        return this;
    }

    public Diagnosis? Last(string symptom) => Engine.Diagnoses.LastOrDefault(d => d.Symptom == symptom);

    /// <summary>Asserts that nothing of warning or worse was raised, suppressed or not.</summary>
    public void AssertQuiet() =>
        Assert.Empty(Engine.Diagnoses.Where(d => d.Severity >= FindingSeverity.Warning).Select(d => d.ToString()));

    public Diagnosis AssertRaised(string symptom, FindingSeverity least = FindingSeverity.Warning)
    {
        var diagnosis = Last(symptom);
        Assert.True(diagnosis is not null, $"{symptom} was not raised; raised: {string.Join("; ", Engine.Diagnoses)}");
        Assert.True(diagnosis.Severity >= least, $"{symptom} is {diagnosis.Severity}");
        return diagnosis;
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
