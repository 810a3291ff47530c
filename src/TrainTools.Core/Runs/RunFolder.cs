namespace TrainTools.Core.Runs;

/// <summary>The names in a run folder: the contract with everything outside. Makes nothing, reads nothing.</summary>
public sealed class RunFolder(string path)
{
    /// <summary>Full path of the folder.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The resolved configuration, every default written out.</summary>
    public string ConfigPath => Combine("config.yaml");

    /// <summary>One object per logged step or evaluation, names as in Trainer logs.</summary>
    public string MetricsPath => Combine("metrics.jsonl");

    /// <summary>The same figures as a table.</summary>
    public string MetricsCsvPath => Combine("metrics.csv");

    /// <summary>One object per diagnosis.</summary>
    public string DiagnosesPath => Combine("diagnoses.jsonl");

    /// <summary>One object per remedy that the run applied to itself.</summary>
    public string RemediesPath => Combine("remedies.jsonl");

    /// <summary>Charts and tables of the run as one page.</summary>
    public string ReportPath => Combine("report.html");

    /// <summary>State, host, versions, hashes, outcome.</summary>
    public string RunInfoPath => Combine("run.json");

    /// <summary>Folder of checkpoints.</summary>
    public string CheckpointsPath => Combine("checkpoints");

    /// <summary>The resulting model.</summary>
    public string ModelPath => Combine("model");

    /// <summary>The resulting adapter.</summary>
    public string AdapterPath => Combine("adapter");

    /// <summary>The trainer's own log (standard error).</summary>
    public string LogPath => Combine("trainer.log");

    /// <summary>One object for each trainer process that ended here: how, after how many steps, with which exit code.</summary>
    public string OutcomesPath => Combine("outcomes.jsonl");

    /// <summary>A little space kept for run.json on a full disk; only there while a trainer works.</summary>
    public string ReservePath => Combine("run.reserve");

    /// <summary>Exists while someone wants the run to stop after the current step.</summary>
    public string StopRequestPath => Combine("stop");

    /// <summary>Held open and locked by the trainer that works on the folder.</summary>
    public string LockPath => Combine("run.lock");

    /// <summary>Records that are not trained on, one object a line, with file, line and reason; absent if there are none.</summary>
    public string DroppedPath => Combine("dropped.jsonl");

    /// <summary>What the result does on the held-out records of a task with labels: metrics, classes, confusions, the worst records.</summary>
    public string EvaluationPath => Combine(Evaluation.EvaluationReport.FileName);

    /// <summary>What the result says of each held-out record of such a task, one object a line.</summary>
    public string PredictionsPath => Combine("predictions.jsonl");

    /// <summary>Out-of-fold probabilities of a cross-validation (records × classes, as NumPy has them).</summary>
    public string OutOfFoldPath => Combine("out-of-fold.npy");

    /// <summary>Folder of what can be made again: tokenised data.</summary>
    public string CachePath => Combine("cache");

    /// <summary>Folder of one checkpoint.</summary>
    public string CheckpointPath(int step) => System.IO.Path.Combine(CheckpointsPath, $"step-{step:D6}");

    private string Combine(string name) => System.IO.Path.Combine(Path, name);
}
