using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Bench.Reliability;

/// <summary>Kills (SIGKILL) at random moments, half of them within a save; then resumes to the end and compares every bit.</summary>
internal static class KillCase
{
    public static int Run(int kills)
    {
        using var lab = new Lab();
        var random = new Random(20_260_101);
        Console.WriteLine($"undisturbed run: {lab.ReferenceTime.TotalSeconds:F1} s, {lab.Config.Duration.MaxSteps} steps, a checkpoint every {lab.Config.Checkpoints.SaveSteps} steps");
        int within = 0, before = 0, over = 0, equal = 0, damaged = 0, unreadable = 0;
        for (var kill = 1; kill <= kills; kill++)
        {
            var folder = lab.NewRun();
            var trainer = Lab.Start(folder);
            if (kill % 2 == 0)
            {
                WaitForSave(trainer, folder, random.Next(1, 10));
                Thread.Sleep(random.Next(6));
            }
            else
            {
                Thread.Sleep(random.Next((int)lab.ReferenceTime.TotalMilliseconds));
            }

            trainer.Process.Kill();
            trainer.Finish();
            var saving = Directory.Exists(folder.CheckpointsPath) && Directory.EnumerateDirectories(folder.CheckpointsPath, "*.tmp").Any();
            var checkpoints = RunCheckpoint.Find(folder);
            within += saving ? 1 : 0;
            before += checkpoints.Count == 0 ? 1 : 0;
            over += RunInfo.TryLoad(folder)?.State == RunState.Completed ? 1 : 0;
            damaged += checkpoints.Count(IsDamaged);
            unreadable += File.Exists(folder.RunInfoPath) && RunInfo.TryLoad(folder) is null ? 1 : 0;
            var same = lab.Resume(folder);
            equal += same == "equal" ? 1 : 0;
            Console.WriteLine($"{kill,4}  after step {Last(folder),3}  {(saving ? "within a save" : ""),-13}  {same}");
            Directory.Delete(folder.Path, recursive: true);
        }

        Console.WriteLine($"\n{kills} kills: {within} within a save, {before} before the first checkpoint, {over} after the end; {damaged} damaged checkpoints, {unreadable} unreadable run.json; {equal} resumed runs equal to the undisturbed one");
        return equal == kills && damaged == 0 && unreadable == 0 ? 0 : 1;

        static int Last(RunFolder of) => RunInfo.TryLoad(of)?.ResumedFrom is { } from ? int.Parse(Path.GetFileName(from)["step-".Length..], System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>Whether a checkpoint under a good name is not whole.</summary>
    public static bool IsDamaged(RunCheckpoint checkpoint)
    {
        try
        {
            CheckpointIdentity.Verify(checkpoint.Path);
            return false;
        }
        catch (TrainToolsException)
        {
            return true;
        }
    }

    private static void WaitForSave(Running trainer, RunFolder folder, int which)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!trainer.Process.HasExited && seen.Count < which)
        {
            if (Directory.Exists(folder.CheckpointsPath))
            {
                seen.UnionWith(Directory.EnumerateDirectories(folder.CheckpointsPath, "*.tmp"));
            }
        }
    }
}
