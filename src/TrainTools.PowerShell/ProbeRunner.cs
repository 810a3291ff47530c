using System.Globalization;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Data.Writing;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Diagnostics.Probes;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell;

/// <summary>Trains the short branches of probes, in a folder of the run, and judges them.</summary>
internal sealed class ProbeRunner(CommandBase command, FineTuneRun run, int steps)
{
    private readonly Dictionary<string, ProbeResult> done = new(StringComparer.Ordinal);
    private volatile TrainerProcess? trainer;
    private volatile bool stopped;

    /// <summary>Asks the branch that is training to stop.</summary>
    public void RequestStop()
    {
        stopped = true;
        trainer?.RequestStop();
    }

    /// <summary>The diagnosis with what its probe came to; as it is where none of its causes has a probe.</summary>
    public Diagnosis Probe(Diagnosis diagnosis)
    {
        if (ProbePlanner.For(run, run.ReadConfig(), diagnosis, steps) is not { } plan)
        {
            command.WriteVerbose($"{diagnosis.Id}: none of its causes can be probed by a short training.");
            return diagnosis;
        }

        // Two diagnoses may ask the same of the same checkpoint.
        var key = $"{plan.Kind} {plan.FromStep} {plan.FirstRate:R} {plan.Window}";
        if (!done.TryGetValue(key, out var result) || result.Cause != plan.Cause)
        {
            var root = Path.Combine(run.Path, "probes", $"{diagnosis.Id}-{plan.Kind}");
            if (Directory.Exists(root))
            {
                Directory.Delete(root, recursive: true);
            }

            result = done[key] = plan.IsSearch ? Search(diagnosis, plan, root) : Single(diagnosis, plan, root);
        }

        var probed = ProbeJudge.Apply(diagnosis, result);
        DiagnosisLog.Append(new RunFolder(run.Path).DiagnosesPath, new DiagnosisUpdate(DiagnosisChange.Changed, probed));
        return probed;
    }

    private ProbeResult Single(Diagnosis diagnosis, ProbePlan plan, string path) =>
        ProbeJudge.Judge(plan, run.Metrics, Branch(diagnosis, plan, path)) with { RunPath = path };

    private ProbeResult Search(Diagnosis diagnosis, ProbePlan plan, string root)
    {
        var search = new RateSearch(plan, steps);
        var branches = new Dictionary<double, (List<TrainingStep> Steps, string Path)>();
        while (!stopped && search.Next() is { } rate)
        {
            var path = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"rate-{rate:0.##e-0}"));
            var branch = Branch(diagnosis, plan.At(rate), path);
            branches[rate] = (branch, path);
            search.Add(rate, branch);
            command.WriteVerbose($"{diagnosis.Id}: {search.Trials.Single(t => t.LearningRate == rate)} after {branch.Count} steps.");
        }

        var best = search.Best is { } trial ? branches[trial.LearningRate] : ([], root);
        return ProbeJudge.Judge(plan, run.Metrics, search, best.Steps) with { RunPath = best.Path };
    }

    private List<TrainingStep> Branch(Diagnosis diagnosis, ProbePlan plan, string path)
    {
        var folder = new RunFolder(path);
        Directory.CreateDirectory(folder.Path);
        var config = plan.Config with { OutputDir = folder.Path };
        if (plan.BatchRecords > 0)
        {
            config = config with { Data = config.Data with { DatasetPath = SettingList.From([WriteBatch(config.Data, plan.BatchRecords, folder)]), DatasetFormat = DatasetFormat.Auto } };
        }

        AtomicFile.WriteText(folder.ConfigPath, ConfigYaml.Write(config));
        command.WriteVerbose($"{diagnosis.Id}: {plan.Kind} for {plan.Cause}, from {plan.CheckpointPath ?? "the beginning"}, in {folder.Path}.");
        var branch = Train(plan, folder);

        // It is the curve that is wanted: models as large as the run's own would fill the disk.
        foreach (var heavy in new[] { folder.ModelPath, folder.AdapterPath, folder.CheckpointsPath }.Where(Directory.Exists))
        {
            Directory.Delete(heavy, recursive: true);
        }

        return branch;
    }

    private List<TrainingStep> Train(ProbePlan plan, RunFolder folder)
    {
        var branch = new List<TrainingStep>();
        using var process = TrainerProcess.StartRun(
            TrainerLocator.Find(), folder, new RunRequest { Resume = plan.CheckpointPath, Force = true }); // its settings differ on purpose
        trainer = process;
        try
        {
            foreach (var item in process.Events())
            {
                if (item is not TrainingStep step)
                {
                    continue;
                }

                branch.Add(step);

                // The settings say how long the run is, since the learning rate depends on it; a replay is over sooner.
                if ((plan.Window.Last > 0 && step.Step >= plan.Window.Last) || (plan.IsSearch && RateSearch.IsLost(branch)))
                {
                    process.RequestStop();
                }
            }
        }
        catch (TrainToolsException e) when (branch.Count > 0)
        {
            command.WriteWarning($"The branch ended early: {e.Message}");
        }
        finally
        {
            trainer = null;
        }

        return branch;
    }

    private static string WriteBatch(DataConfig data, int records, RunFolder folder)
    {
        var path = Path.Combine(folder.Path, "batch.jsonl");
        using var writer = new DatasetWriter(path);
        foreach (var record in new DatasetReader(DatasetReaderOptions.FromConfig(data)).Read(data.DatasetPath).Take(records))
        {
            writer.Write(record);
        }

        writer.Complete();
        return path;
    }
}
